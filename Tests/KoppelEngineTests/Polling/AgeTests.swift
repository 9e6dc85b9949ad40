import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// Values grow old by themselves, slots are spread, and what was under way at a stop is declared.
@Suite(.timeLimit(.minutes(5)))
struct AgeTests {
    private let bench = BusBench()

    private func times(_ prefix: String) async -> [Double] {
        let lines = await bench.journal.records.flatMap { stored in
            zip(Optional(SweptRecord(record: stored.record)).lines, stored.record.readings)
        }
        return lines.filter { $0.0.contains(prefix) }
            .map { Double($0.1.time.nanoseconds - PollingBench.begin.nanoseconds) / 1e9 }
    }

    @Test func `P43: an age shorter than the interval is told at its moment, when nothing is being read`() async throws
    {
        var slow = try point("a", at: 7)
        slow.sampling = SamplingRule(staleAfter: .seconds(3), badAfter: .seconds(5), everyReading: true)
        let link = try await bench.run(interval: .seconds(60), points: [slow], until: .seconds(70))
        #expect(link.times().map(\.inSeconds) == [0, 60])
        #expect(
            await bench.readings() == [
                "0:1 good 7", "0:2 staleCommunication 7", "0:3 noCommunication", "0:4 good 7",
                "0:5 staleCommunication 7", "0:6 noCommunication",
            ])
        #expect(await times("staleCommunication").map { $0.rounded() } == [0, 60], "with its own old time")
        let bad = await times("noCommunication")
        #expect(bad.count == 2 && (5.0...5.03).contains(bad[0]) && (65.0...65.03).contains(bad[1]), "\(bad)")
    }

    @Test func `P43: ages are told while a long sweep of another unit goes on`() async throws {
        var quick = try point("a", at: 7)
        quick.sampling = SamplingRule(staleAfter: .seconds(2), badAfter: .seconds(4), everyReading: true)
        let many = try (0..<40).map { try point("p\($0)", at: UInt16($0) * 1_000) }
        let link = try await bench.run(
            .init(answer: { request, _ in (.words, request.unit == UnitID(2) ? .milliseconds(500) : .milliseconds(5)) }
            ),
            units: 2, interval: .seconds(30), points: [quick],
            change: { if $0.unit == UnitID(2) { $0.points = many } }, until: .seconds(25))
        #expect(link.times(2).count == 40)
        let bad = await times("noCommunication")
        #expect(bad.count == 1 && (4.0...4.6).contains(bad[0]), "\(bad)")
    }

    @Test func `P43: ages are reached while the link is down`() async throws {
        let link = try await bench.run(
            .init(
                open: { $0 > .seconds(1) ? .refused : nil },
                answer: { _, at in at < .seconds(1) ? (.words, .zero) : (.fails(.linkDown(errno: 104)), .zero) }),
            interval: .seconds(20), until: .seconds(300))
        #expect(link.openings.count > 2)
        // The slot at 20 s fails. Three intervals are stale, ten are bad.
        #expect(
            await bench.readings() == ["0:1 good 7", "0:2 timeout", "0:3 staleCommunication 7", "0:4 noCommunication"])
    }

    @Test func `P44: good is said only by an answer that is newer than the outage`() async throws {
        _ = try await bench.run(
            .init(
                open: { (.seconds(5)..<(.seconds(50))).contains($0) ? .refused : nil },
                answer: { _, at in
                    switch at {
                    case ..<(.seconds(5)): (.words, .zero)
                    case ..<(.seconds(6)): (.fails(.linkDown(errno: 104)), .zero)
                    // The connection is there long before the first answer is.
                    case ..<(.seconds(80)): (.lost, .zero)
                    default: (.words, .zero)
                    }
                }), until: .seconds(100))
        let good = await times("good")
        #expect(good.first == 0)
        #expect(try #require(good.dropFirst().first) >= 80)
    }

    @Test func `P26, R01: a unit that never answered since the start says so in its figures`() async throws {
        _ = try await bench.run(
            .init(answer: { request, at in
                request.unit == UnitID(1) || at < .seconds(5) && request.unit == UnitID(2)
                    ? (.words, .zero) : (.lost, .zero)
            }), units: 3, timeout: .milliseconds(100), until: .seconds(30))
        #expect(try bench.figures(of: 1).state == .answering)
        #expect(try bench.figures(of: 2).state == .silent)
        #expect(try bench.figures(of: 3).state == .neverAnswered)
        #expect(try bench.figures(of: 3).lastTrouble?.description.contains("no answer after 100 ms") == true)
    }

    @Test func `P02: units with one id on two buses have nothing in common`() async throws {
        let other = BusBench()
        _ = try await bench.run(
            .init(answer: { _, _ in (.lost, .zero) }), timeout: .milliseconds(100), until: .seconds(20))
        _ = try await other.run(timeout: .milliseconds(100), until: .seconds(20))
        #expect(try bench.figures().state == .neverAnswered)
        #expect(try other.figures().state == .answering)
        let (hall, yard) = (try #require(Identifier("hall")), try #require(Identifier("yard")))
        #expect(UnitOnBus(bus: hall, unit: UnitID(1)) != UnitOnBus(bus: yard, unit: UnitID(1)))
        #expect(try bench.figures().key == UnitOnBus(bus: hall, unit: UnitID(1)))
    }

    // MARK: Slots

    @Test func `slots of a bus that takes long to read are spread, and those of a quick one are not`() async throws {
        let slow = BusCost.serial(SerialLine(baud: 1_200))
        let link = try await bench.run(
            .init(answer: { _, _ in (.words, .milliseconds(150)) }), units: 4, interval: .seconds(2), cost: slow,
            until: .seconds(20))
        // Each machine begins in steps of 100 ms, as far into the interval as the sweep is when it comes to it.
        let phases = (1...4).map {
            link.times(UInt8($0)).last.map { $0.inSeconds.truncatingRemainder(dividingBy: 2) } ?? -1
        }
        #expect(phases == phases.sorted())
        #expect(Set(phases).count == 4, "\(phases)")
        #expect(SlotPhases.phases(Array(repeating: .milliseconds(2), count: 30)) == Array(repeating: .zero, count: 30))
        #expect(
            SlotPhases.phases([.milliseconds(130), .milliseconds(80), .milliseconds(300)])
                == [.zero, .milliseconds(100), .milliseconds(200)])
        #expect(SlotPhases.phase(.milliseconds(2_300), interval: .seconds(1)) == .milliseconds(300))
    }

    @Test func `the slot under way at a stop is declared, with what was still waiting for its turn`() async throws {
        let (first, second) = (try point("a", at: 7), try point("b", .inputRegister, at: 9))
        let bench = bench
        let link = ScriptedLink(
            clock: bench.clock, wallClock: bench.wallClock,
            script: .init(answer: { request, _ in (request.table == .inputRegister ? .silence : .words, .zero) }))
        let machines = try [UInt8(1), 2].map { unit in
            let settings = try PollingBench.settings("m\(unit)", unit: unit, [first, second])
            return PolledMachine(
                settings: settings, register: PollingBench.register(settings, number: Int(unit)), cost: .tcp(),
                doubtsClock: true)
        }
        let service = BusService(
            bus: BusSettings(id: try #require(Identifier("hall")), endpoint: .tcp(host: "h", port: 502)),
            machines: machines,
            parts: .init(
                link: link, sink: ReadingSink(journal: bench.journal, lanes: []), wallClock: bench.wallClock,
                jitter: { 1 }), clock: bench.clock)
        let task = Task { await service.run() }
        #expect(await eventually { link.times().count == 2 })
        task.cancel()
        await task.value
        #expect(await bench.readings(of: 1).first == "0:1 good 7")
        #expect(await bench.gaps(of: 1).map { [$0.signal.rawValue, UInt16($0.lost)] } == [[1, 1]])
        #expect(await bench.gaps(of: 2).map { [$0.signal.rawValue, UInt16($0.lost)] } == [[0, 1], [1, 1]])
        #expect(await (bench.gaps(of: 1) + bench.gaps(of: 2)).allSatisfy { $0.reason == .agentStopped })
    }
}
