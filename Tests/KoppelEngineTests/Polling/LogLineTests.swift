import KoppelCore
import KoppelTestKit
import Logging
import Synchronization
import Testing

@testable import KoppelEngine

/// Log lines are edges: what goes on in the same way says nothing (field rule P85).
@Suite(.timeLimit(.minutes(5)))
struct LogLineTests {
    /// Keeps the lines of everything that runs in the task.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        init(lines: Lines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
    }

    private let clock = ManualClock()
    private let journal = MemoryJournal()

    /// Runs one machine that is read every ten seconds until `end` on the manual clock.
    private func lines(_ script: ScriptedLink.Script, until end: Duration) async throws -> (
        lines: [String], link: ScriptedLink
    ) {
        let clock = clock
        let wallClock = WallClock(
            now: { PollingBench.begin.advanced(by: clock.now.offset) }, state: { .synchronised })
        let link = ScriptedLink(clock: clock, wallClock: wallClock, script: script)
        let settings = try PollingBench.settings("press", [try point("a", at: 7)], interval: .seconds(10))
        let machine = PolledMachine(
            settings: settings, register: PollingBench.register(settings), cost: .tcp(), doubtsClock: true)
        let service = BusService(
            bus: BusSettings(
                id: try #require(Identifier("hall")), endpoint: .tcp(host: "h", port: 502), timeout: .seconds(1)),
            machines: [machine],
            parts: .init(
                link: link, sink: ReadingSink(journal: journal, lanes: []), wallClock: wallClock, jitter: { 1 }),
            clock: clock)
        let lines = Lines()
        await withLogger(Logger(label: "test") { _ in Handler(lines: lines) }) { _ in
            clock.letRun(until: end)
            let task = Task { await service.run() }
            #expect(await clock.waitForSleepers(), "the hours have not passed")
            task.cancel()
            await task.value
        }
        return (lines.all, link)
    }

    @Test func `P85, P26: a thousand timeouts of a unit in a row are one log line, its return another`() async throws {
        let (lines, link) = try await lines(
            .init(answer: { _, at in (at < .seconds(21_500) ? .fails(.timeout) : .words, .seconds(1)) }),
            until: .seconds(21_600))
        #expect(link.times().count > 1_000)
        #expect(
            lines == [
                "warning: The unit has not answered since polling began. Check unit id, power and wiring, on a serial line "
                    + "also baud rate and parity; it is asked again now and then",
                "notice: The unit answers again",
            ])
    }

    @Test func `P85: a thousand refused connections in a row are one log line, and the return another`() async throws {
        let (lines, link) = try await lines(
            .init(open: { $0 < .seconds(10_500) ? .refused : nil }), until: .seconds(10_600))
        #expect(link.openings.count > 1_000)
        #expect(
            lines == [
                "warning: The bus is gone; it is opened again by itself", "notice: The bus is there again",
            ])
    }

    @Test func `P85: a thousand readings that cannot be stored are one log line, and the return another`() async throws
    {
        let full = JournalError(kind: .full, path: "/data", description: "the volume is full")
        for _ in 0..<1_000 { await journal.failNextAppend(full) }
        let (lines, link) = try await lines(.init(), until: .seconds(10_600))
        #expect(link.times().count > 1_000)
        #expect(
            lines == [
                "error: Readings cannot be stored; they are declared missing as soon as storing works again",
                "notice: Readings are stored again",
            ])
    }

    /// Counts one more of it every ten seconds, from the hundredth second on.
    private static func heard(_ count: @escaping @Sendable (inout LinkCounters, UInt64) -> Void) -> ScriptedLink.Script
    {
        .init(heard: { at in
            var counters = LinkCounters()
            count(&counters, UInt64(max(0, at.components.seconds - 100) / 10))
            return counters
        })
    }

    @Test func `R09, P85: frames of another master are one log line when they are first heard`() async throws {
        let (lines, _) = try await lines(Self.heard { $0.foreignFrames = $1 }, until: .seconds(10_600))
        #expect(
            lines == [
                "warning: Frames are on the line that are no question and no answer of ours: a second master is "
                    + "suspected, or a unit that answers to a wrong unit id. Only one master may be on a line; none of "
                    + "their values are taken"
            ])
    }

    @Test func `R05, P85: an echo that is taken out is one log line`() async throws {
        let (lines, _) = try await lines(Self.heard { $0.echoes = $1 }, until: .seconds(10_600))
        #expect(
            lines == [
                "notice: The adapter hears our own questions (local echo); they are taken out of what is received. "
                    + "Switch its echo off if it can be"
            ])
    }
}
