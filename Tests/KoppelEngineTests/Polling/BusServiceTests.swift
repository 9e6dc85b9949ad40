import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

@Suite(.timeLimit(.minutes(5)))
struct BusServiceTests {
    private let bench = BusBench()
    private var clock: ManualClock { bench.clock }
    private var wallClock: WallClock { bench.wallClock }
    private var journal: MemoryJournal { bench.journal }

    private func run(
        _ script: ScriptedLink.Script = ScriptedLink.Script(), units: UInt8 = 1, interval: Duration = .seconds(1),
        points: [Point]? = nil, until end: Duration
    ) async throws -> ScriptedLink {
        try await bench.run(script, units: units, interval: interval, points: points, until: end)
    }

    private func readings(of machine: Int = 1) async -> [String] { await bench.readings(of: machine) }

    private func gaps(of machine: Int = 1) async -> [Gap] { await bench.gaps(of: machine) }

    // MARK: Schedule

    @Test func `P23: due times stand on the grid, however long an answer takes`() async throws {
        let link = try await run(
            .init(answer: { _, at in (.words, at > .seconds(3) ? .milliseconds(700) : .milliseconds(50)) }),
            until: .milliseconds(8_500))
        #expect(link.times() == (0...8).map { .seconds($0) })
        #expect(await gaps() == [])
    }

    @Test func `P16: a bus is told after each sweep how long nothing will be asked`() async throws {
        let link = try await run(units: 2, until: .milliseconds(2_500))
        #expect(link.times().count == 6)
        #expect(link.rests == Array(repeating: .milliseconds(980), count: 3))
    }

    @Test func `P21: slots that went by are declared where they were, and never made up for`() async throws {
        let link = try await run(
            .init(answer: { _, at in (.words, at == .seconds(2) ? .milliseconds(4_500) : .milliseconds(10)) }),
            until: .milliseconds(9_500))
        #expect(link.times().map(\.inSeconds) == [0, 1, 2, 6.5, 7, 8, 9])
        let gap = try #require(await gaps().first)
        #expect(await gaps().count == 1)
        #expect(gap.lost == 3)
        #expect(gap.reason == .slotMissed)
        #expect(gap.from == PollingBench.begin.advanced(by: .seconds(3)))
        #expect(gap.to == PollingBench.begin.advanced(by: .seconds(5)))
    }

    // MARK: Link

    @Test func `a link that is down is tried with growing pauses, and its machines go stale and bad`() async throws {
        let link = try await run(
            .init(
                open: { (.seconds(5)..<(.seconds(65))).contains($0) ? .refused : nil },
                answer: { _, at in
                    (at == .seconds(5) ? .fails(.linkDown(errno: 104)) : .words, .milliseconds(10))
                }), until: .milliseconds(80_500))
        #expect((5...14).contains(link.openings.count))
        let story = await readings()
        #expect(
            story.prefix(4) == [
                "0:1 good 7", "0:2 timeout", "0:3 staleCommunication 7", "0:4 noCommunication",
            ])
        #expect(story.last == "0:5 good 7")
    }

    @Test func `P44: a device that accepts and hangs up is not asked without end`() async throws {
        let link = try await run(
            .init(answer: { _, _ in (.fails(.linkDown(errno: 104)), .milliseconds(1)) }), interval: .milliseconds(100),
            until: .seconds(60))
        #expect((6...12).contains(link.openings.count))
        #expect(link.times().count == link.openings.count)
    }

    @Test func `an interval of zero does not spin while nothing can be asked`() async throws {
        let link = try await run(.init(open: { _ in .refused }), interval: .zero, until: .seconds(2))
        #expect(link.openings.map(\.inSeconds).count <= 4)
        #expect(clock.now.offset >= .milliseconds(1_900))
    }

    // MARK: Units

    @Test func `P01: a silent unit of three leaves the others nearly their rate`() async throws {
        let link = try await run(
            .init(answer: { request, _ in
                request.unit == UnitID(2) ? (.fails(.timeout), .seconds(1)) : (.words, .milliseconds(20))
            }), units: 3, until: .milliseconds(120_500))
        #expect((10...20).contains(link.times(2).count))
        #expect(link.times(1).count >= 100)
        #expect(link.times(3).count >= 100)
        #expect(await readings(of: 2) == ["0:1 timeout", "0:2 noCommunication"])
        #expect(link.openings.count == 1)
    }

    @Test func `R07: what the line could not ask is missing, and the unit is asked in its next slot as before`()
        async throws
    {
        let link = try await run(
            .init(answer: { _, at in
                (.seconds(3)..<(.seconds(8))).contains(at) ? (.fails(.answerOutstanding), .zero) : (.words, .zero)
            }), until: .milliseconds(12_500))
        #expect(link.times() == (0...12).map { .seconds($0) })
        let story = await readings()
        #expect(story.contains("0:2 timeout"))
        #expect(story.last?.hasSuffix("good 7") == true)
    }

    @Test func `row 15: a unit its gateway calls absent says so in the end, also while it is not asked`() async throws {
        let link = try await run(
            .init(answer: { _, at in (at < .seconds(1) ? .words : .exception(11), .milliseconds(10)) }),
            until: .milliseconds(60_500))
        #expect(link.times().count < 15)
        #expect(
            await readings() == [
                "0:1 good 7", "0:2 gatewayTarget", "0:3 staleCommunication 7", "0:4 gatewayTarget",
            ])
    }

    @Test func `a silent unit that answers a probe is polled as before`() async throws {
        let link = try await run(
            .init(answer: { _, at in
                (.seconds(3)..<(.seconds(20))).contains(at) ? (.fails(.timeout), .milliseconds(100)) : (.words, .zero)
            }), until: .milliseconds(40_500))
        #expect(await readings().last == "0:4 good 7")
        #expect(link.times().suffix(10) == (31...40).map { .seconds($0) })
    }

    // MARK: Storing

    @Test func `the stop stores what was read, and calls no unit silent that had no time to answer`() async throws {
        let points = [try point("a", at: 7), try point("b", .inputRegister, at: 9)]
        let link = ScriptedLink(
            clock: clock, wallClock: wallClock,
            script: .init(answer: { request, _ in
                (request.table == .inputRegister ? .silence : .words, .zero)
            }))
        let settings = try PollingBench.settings("m1", points)
        let service = BusService(
            bus: BusSettings(id: try #require(Identifier("hall")), endpoint: .tcp(host: "h", port: 502)),
            machines: [
                PolledMachine(
                    settings: settings, register: PollingBench.register(settings, number: 1), cost: .tcp(),
                    doubtsClock: true)
            ],
            parts: .init(
                link: link, sink: ReadingSink(journal: journal, lanes: []), wallClock: wallClock, jitter: { 1 }),
            clock: clock)
        let task = Task { await service.run() }
        #expect(await eventually { link.times().count == 2 })
        task.cancel()
        await task.value
        #expect(await readings() == ["0:1 good 7"])
    }

    @Test func `what a long sweep has read is stored while it goes on`() async throws {
        let points = [try point("a", at: 7), try point("b", .inputRegister, at: 9), try point("c", .coil, at: 1)]
        _ = try await run(
            .init(answer: { _, _ in (.words, .milliseconds(150)) }), interval: .seconds(10), points: points,
            until: .seconds(5))
        #expect(await journal.records.map(\.record.readings.count) == [1, 1, 1])
    }

    @Test func `P86: a fast bus on a slow disk lets only so many readings wait`() async throws {
        await journal.whileStoring { [clock] in clock.advance(by: .milliseconds(100)) }
        let points = try (0..<100).map { index in
            var point = try point("p\(index)", at: UInt16(index))
            point.sampling.everyReading = true
            return point
        }
        _ = try await run(
            .init(answer: { _, _ in (.words, .milliseconds(1)) }), interval: .zero, points: points,
            until: .seconds(3))
        #expect((1_000...2_100).contains(await journal.largestAppend))
    }

    @Test func `P24: polling goes on while the disk refuses, and tells what it lost afterwards`() async throws {
        for _ in 0..<3 {
            await journal.failNextAppend(JournalError(kind: .full, path: "/data", description: "full"))
        }
        let link = try await run(until: .milliseconds(10_500))
        #expect(link.times().count == 11)
        #expect(await readings() == ["0:4 good 7"])
        #expect(await gaps().map(\.lost) == [3])
        #expect(await gaps().map(\.reason) == [.diskFault])
    }

    @Test func `P24: polling goes on for hours while no destination takes anything`() async throws {
        let link = try await bench.run(
            interval: .seconds(5), lanes: [LiveLane(epoch: 1)], until: .seconds(7_202))
        #expect(link.times().count == 1_441)
        #expect(await gaps() == [])
    }

    @Test func `gaps of the last sweep are declared when polling ends`() async throws {
        await journal.failNextAppend(JournalError(kind: .full, path: "/data", description: "full"))
        _ = try await run(until: .milliseconds(500))
        #expect(await readings() == ["0:2 good 7"])
        #expect(await gaps().map(\.lost) == [1])
    }
}
