import Foundation
import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// A recorded bus under the engine and the manual clock: the same readings each time.
@Suite(.timeLimit(.minutes(5)))
struct ReplayPollingTests {
    private static func transcript(_ name: String) throws -> Transcript {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../KoppelModbusTests/Transcripts/\(name).txt")
        return try Transcript(text: String(contentsOf: file, encoding: .utf8))
    }

    /// The two counters of the recorded device, each in a read of its own since nothing is known of what lies between.
    private func points() throws -> [Point] {
        try ([("c0", 0), ("c5", 10)] as [(String, UInt16)]).map { name, address in
            var point = try point(name, at: address)
            point.wire = .uint32
            point.sampling.everyReading = true
            return point
        }
    }

    private func readings(of name: String, unit: UInt8, until end: Duration) async throws -> [String] {
        let transcript = try Self.transcript(name)
        let clock = ManualClock()
        let begin = transcript.begin
        let wallClock = WallClock(now: { begin.advanced(by: clock.now.offset) }, state: { .synchronised })
        let link = ReplayLink(
            transcript,
            time: .init(
                now: { clock.now.offset }, pass: { clock.advance(by: $0) }, wall: { wallClock.now }))
        let settings = try PollingBench.settings(
            "press", unit: unit, try points(), interval: .milliseconds(500))
        let journal = MemoryJournal()
        let machine = PolledMachine(
            settings: settings, register: PollingBench.register(settings), cost: .tcp(), doubtsClock: true)
        let service = BusService(
            bus: BusSettings(
                id: try #require(Identifier("hall")), endpoint: .tcp(host: "h", port: 502),
                timeout: transcript.timeout),
            machines: [machine],
            parts: .init(
                link: link, sink: ReadingSink(journal: journal, lanes: []), wallClock: wallClock, jitter: { 1 }),
            clock: clock)
        let task = Task { await service.run() }
        // It ends while the bus sleeps, so that it always ends in the same place.
        while await clock.waitForSleepers(), let next = clock.nextDeadline, next <= end {
            clock.advance(by: next - clock.now.offset)
        }
        task.cancel()
        await task.value
        return await journal.records.flatMap { Optional(SweptRecord(record: $0.record)).lines }
    }

    @Test func `R07: a late answer from the field gives the same readings each time, and none under another name`()
        async throws
    {
        let first = try await readings(of: "R07-late-answer", unit: 1, until: .seconds(4))
        for _ in 0..<3 {
            #expect(try await readings(of: "R07-late-answer", unit: 1, until: .seconds(4)) == first)
        }
        #expect(first.contains { $0.hasSuffix("good 8") })
        #expect(first.contains { $0.contains("timeout") })
        // 0xDEADDEAD is what the late answer carried.
        #expect(!first.contains { $0.contains("3735936685") })
    }

    @Test func `F13: a late answer on TCP from the field gives the same readings each time`() async throws {
        let first = try await readings(of: "F13-late-answer", unit: 2, until: .seconds(4))
        for _ in 0..<3 {
            #expect(try await readings(of: "F13-late-answer", unit: 2, until: .seconds(4)) == first)
        }
        #expect(first.contains { $0.hasSuffix("good 23") })
        #expect(!first.contains { $0.contains("3735936685") })
    }
}
