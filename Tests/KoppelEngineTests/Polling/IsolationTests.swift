import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// One unit that misbehaves costs the others on its bus at most its share, and is back soon after it is well.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct IsolationTests {
    private let bench = BusBench()
    private static let ordinary = Duration.milliseconds(20)
    private static let trouble = Duration.seconds(60)..<(.seconds(360))

    /// Thirty units that take 20 ms each, of which the seventh does `fault` for five minutes.
    private func run(
        polling: PollingRules = PollingRules(), change: (inout MachineSettings) -> Void = { _ in },
        _ fault: @escaping @Sendable () -> (ScriptedLink.Answer, Duration)
    ) async throws -> ScriptedLink {
        try await bench.run(
            .init(answer: { request, at in
                request.unit == UnitID(7) && Self.trouble.contains(at) ? fault() : (.words, Self.ordinary)
            }), units: 30, polling: polling, change: change, until: .milliseconds(400_500))
    }

    /// The least any of the others was asked in the time of trouble, as a part of its slots.
    private func rateOfOthers(_ link: ScriptedLink) -> Double {
        let slots = (Self.trouble.upperBound - Self.trouble.lowerBound).inSeconds
        let others = (1...30).filter { $0 != 7 }
        let least = others.map { unit in link.times(UInt8(unit)).count { Self.trouble.contains($0) } }.min() ?? 0
        return Double(least) / slots
    }

    /// What was told of the seventh machine beside its good readings. A gap may tell the same once more.
    private func notGood() async -> [String] {
        await bench.journal.records.filter { $0.record.machine.rawValue == 7 }.flatMap(\.record.readings)
            .filter { $0.condition != .good }.map { "\($0.condition)" }
            .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    private func asked(_ link: ScriptedLink) -> [Duration] { link.times(7).filter { Self.trouble.contains($0) } }

    /// From the end of the trouble to the first question that was asked, and answered.
    private func timeToRecover(_ link: ScriptedLink) throws -> Duration {
        try #require(link.times(7).first { $0 >= Self.trouble.upperBound }) - Self.trouble.upperBound
    }

    @Test func `P01, F26: a dead unit of thirty leaves the others nine tenths of their rate`() async throws {
        let link = try await run { (.lost, .zero) }
        #expect(rateOfOthers(link) >= 0.9)
        #expect((15...40).contains(asked(link).count), "it is asked now and then")
        #expect(try timeToRecover(link) <= .seconds(11), "within one probe interval")
        #expect(link.times(7).count { $0 >= .seconds(380) } >= 20, "and then as before")
        #expect(link.openings.count == 1, "the link was never the problem")
        // m7 was good, then once without an answer, then old, then bad, then good again.
        #expect(
            await notGood() == ["timeout", "staleCommunication", "noCommunication"])
        #expect(try bench.figures(of: 7).state == .answering)
    }

    @Test func `X20, F05: a unit that uses its whole timeout each time gets its share only`() async throws {
        let link = try await run { (.words, .milliseconds(990)) }
        #expect(rateOfOthers(link) >= 0.9)
        let time = Double(asked(link).count) * 0.99
        #expect((0.05...0.15).contains(time / 300), "it gets its share, and what nobody else wants: \(time) s of 300")
        #expect(try timeToRecover(link) <= .seconds(11))
        #expect(link.times(7).count { $0 >= .seconds(380) } >= 20, "a unit that is quick again is held back no longer")
        // Every slot is a reading or declared: the unit never failed, it was only not asked.
        let missed = await bench.gaps(of: 7).reduce(0) { $0 + $1.lost }
        #expect(await bench.gaps(of: 7).allSatisfy { $0.reason == .slotMissed })
        #expect(Int(missed) + link.times(7).count == 401)
        #expect(try bench.figures(of: 7).missedSlots == missed)
    }

    @Test func `P01: noise from one unit on every frame costs the others no more than silence`() async throws {
        let link = try await run { (.fails(.badFrame(.checksum)), .milliseconds(400)) }
        #expect(rateOfOthers(link) >= 0.9)
        #expect(try timeToRecover(link) <= .seconds(11))
    }

    @Test(arguments: [UInt8(10), 11])
    func `P18, F24: a gateway that calls one unit absent keeps its link, also if it takes its time`(
        _ code: UInt8
    ) async throws {
        let link = try await run { (.exception(code), .milliseconds(900)) }
        #expect(rateOfOthers(link) >= 0.9)
        #expect(link.openings.count == 1)
        #expect(try timeToRecover(link) <= .seconds(11))
        #expect(try bench.figures(of: 7).exceptions[code] == UInt64(asked(link).count))
        #expect(try bench.figures(of: 7).timeouts == 0)
    }

    @Test func `F23: a unit that is busy for minutes is asked at growing intervals and shows no value as fresh`()
        async throws
    {
        let link = try await run { (.exception(6), .milliseconds(5)) }
        #expect(asked(link).count < 50)
        #expect(rateOfOthers(link) >= 0.99)
        #expect(
            await notGood() == ["busy", "staleCommunication", "busy"])
    }

    @Test func `P07: bus and machine each say what the share is, whatever the profile`() async throws {
        let narrow = try await run(polling: PollingRules(share: 0.02)) { (.words, .milliseconds(990)) }
        #expect((3...12).contains(asked(narrow).count), "\(asked(narrow).count) at 2 %")
        let wide = try await IsolationTests().run(
            polling: PollingRules(share: 0.02),
            change: { if $0.unit == UnitID(7) { $0.polling.share = 0.3 } },
            { (.words, .milliseconds(990)) })
        #expect((60...120).contains(asked(wide).count), "\(asked(wide).count) at 30 %")
    }

    @Test func `P01: a slow unit that keeps nobody waiting is read at its full rate`() async throws {
        let link = try await bench.run(
            .init(answer: { request, _ in (.words, request.unit == UnitID(2) ? .milliseconds(600) : .milliseconds(5)) }
            ),
            units: 2, until: .milliseconds(120_500))
        #expect(link.times(2).count == 121)
        #expect(link.times(1).count == 121)
    }

    @Test func `F05: what a slow unit was not asked is asked first the next time`() async throws {
        let points = try (0..<5).map { try point("p\($0)", at: UInt16($0) * 1_000) }
        _ = try await bench.run(
            .init(answer: { request, _ in
                request.unit == UnitID(2) ? (.words, .milliseconds(990)) : (.words, .milliseconds(30))
            }), units: 5, points: points, until: .seconds(600))
        let counts = await bench.journal.records.filter { $0.record.machine.rawValue == 2 }
            .flatMap(\.record.readings).reduce(into: [UInt16: Int]()) { $0[$1.signal.rawValue, default: 0] += 1 }
        #expect(counts.count == 5, "\(counts)")
        #expect((counts.values.min() ?? 0) * 3 >= counts.values.max() ?? 0, "none is left out: \(counts)")
    }

    @Test(arguments: 0..<8)
    func `P01: for any bus that fits, one bad unit takes no more than a tenth, and no healthy one is held back`(
        _ seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let count = UInt8.random(in: 3...30, using: &random)
        let load = Double.random(in: 0.3...0.8, using: &random)
        let span = Duration.milliseconds(Int(1_000 * load) / Int(count))
        let timeout = Duration.milliseconds(Int.random(in: 200...1_000, using: &random))
        let bad = UnitID(UInt8.random(in: 1...count, using: &random))
        let kind = Int.random(in: 0..<4, using: &random)
        let link = try await bench.run(
            .init(answer: { request, at in
                guard request.unit == bad else { return (.words, span) }
                switch kind {
                case 0: return (.lost, .zero)
                case 1: return (.words, timeout * 99 / 100)
                case 2: return Int(at.inSeconds) % 20 < 10 ? (.lost, .zero) : (.words, span)
                default: return (.exception(11), timeout / 2)
                }
            }), units: count, timeout: timeout, until: .seconds(300))
        for unit in 1...count where UnitID(unit) != bad {
            #expect(
                link.times(unit).count >= 270, "unit \(unit) of \(count), load \(load), timeout \(timeout), \(kind)")
            #expect(try bench.figures(of: unit).state == .answering)
        }
    }

    @Test(arguments: 0..<4)
    func `P01, R16: on a bus with too much to do and nobody at fault, nobody is held back`(_ seed: UInt64) async throws
    {
        var random = SeededGenerator(seed: seed)
        let spans = (0..<12).map { _ in Duration.milliseconds(Int.random(in: 60...220, using: &random)) }
        let link = try await bench.run(
            .init(answer: { request, _ in (.words, spans[Int(request.unit.rawValue) - 1]) }), units: 12,
            until: .seconds(120))
        let counts = (1...12).map { link.times(UInt8($0)).count }
        #expect((counts.min() ?? 0) >= (counts.max() ?? 0) - 2, "all have the same part of their slots: \(counts)")
        for unit in 1...12 {
            let missed = await bench.gaps(of: unit).reduce(0) { $0 + $1.lost }
            #expect(counts[unit - 1] + Int(missed) >= 119, "what was not asked is declared")
        }
    }
}
