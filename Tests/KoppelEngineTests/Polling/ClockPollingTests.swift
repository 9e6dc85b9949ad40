import KoppelCore
import Testing

@testable import KoppelEngine

/// What a wall clock that is set, or has no source, does to readings and gaps.
struct ClockPollingTests {
    private static let begin = PollingBench.begin
    private static let tenYears = Duration.seconds(10 * 366 * 86_400)

    private func polled(_ interval: Duration = .seconds(1)) throws -> PollingBench {
        var bench = try PollingBench([try point("a", at: 0)], interval: interval)
        _ = bench.open()
        bench.registers[0] = 5
        return bench
    }

    private func change(_ bench: inout PollingBench) -> SweptRecord? {
        bench.registers[0, default: 0] += 1
        return bench.poll()
    }

    private func next(_ bench: inout PollingBench) throws -> SweepRecord {
        let swept = change(&bench)
        return try #require(swept).record
    }

    @Test(arguments: [Duration.seconds(-3_600), tenYears])
    func `D06, D07: seq goes on over a step, and each record says on which clock it is`(_ step: Duration) throws {
        var bench = try polled()
        #expect(change(&bench).lines == ["0:2 good 6"])
        bench.wallStep = step
        bench.clock = .unsynchronised
        let record = try next(&bench)
        #expect(Optional(SweptRecord(record: record)).lines == ["0:3 clockUnsynchronised 7"])
        #expect(record.readings[0].time == Self.begin.advanced(by: .seconds(2) + step))
        #expect(record.clock == .unsynchronised && record.offset == step)
        bench.wallStep = .zero
        bench.clock = .synchronised
        let after = try next(&bench)
        #expect(after.readings.map(\.seq) == [4] && after.readings[0].condition == .good)
        #expect(after.readings[0].time == Self.begin.advanced(by: .seconds(3)) && after.offset == .zero)
    }

    @Test(arguments: [Duration.seconds(-3_600), tenYears])
    func `D06: a gap never turns around, although the clock is set within it`(_ step: Duration) throws {
        var bench = try polled()
        _ = change(&bench)
        let from = bench.time
        bench.wallStep = step
        bench.now += .seconds(5)
        bench.machine.missed(5, of: 0, from: from, to: bench.time)
        let record = try next(&bench)
        let gap = try #require(record.gaps.first)
        #expect(gap.from == Self.begin.advanced(by: .seconds(1) + step))
        #expect(gap.to == Self.begin.advanced(by: .seconds(6) + step) && gap.lost == 5)
    }

    @Test func `D06: what could not be stored before a step is declared on the clock of after it`() throws {
        var bench = try polled()
        let refused = try next(&bench)
        bench.wallStep = .seconds(-3_600)
        bench.machine.couldNotStore(refused)
        let record = try next(&bench)
        let lost = try #require(record.gaps.first)
        #expect(lost.from == Self.begin.advanced(by: .seconds(1 - 3_600)) && lost.to == lost.from)
        #expect(lost.to <= record.readings[0].time)
    }

    @Test func `D06: ages and outages do not notice a step`() throws {
        var bench = try polled()
        _ = change(&bench)
        var story: [String] = []
        for second in 1...60 {
            if second % 10 == 5 { bench.wallStep += .seconds(second.isMultiple(of: 20) ? -3_600 : 86_400) }
            story += bench.poll(.fails(.timeout)).lines.map { "\(second): \($0)" }
        }
        // Told again after each step, with the time it has on the clock of now.
        #expect(story.filter { $0.contains("stale") }.first == "3: 0:4 staleCommunication 6")
        #expect(story.first { $0.contains("noCommunication") }?.hasPrefix("30: ") == true)
    }

    @Test func `D09: the last value keeps its moment when the date comes`() throws {
        var bench = try polled()
        bench.wallStep = .seconds(-1_770_000_000)
        bench.clock = .unsynchronised
        let first = try next(&bench)
        let readAt = bench.now
        #expect(first.readings[0].time == Self.begin.advanced(by: readAt - .seconds(1_770_000_000)))
        bench.wallStep = .zero
        bench.clock = .synchronised
        var told: [Reading] = []
        for _ in 1...5 { told += bench.poll(.fails(.timeout))?.record.readings ?? [] }
        let stale = try #require(told.last { $0.condition == .staleCommunication })
        #expect(stale.time == Self.begin.advanced(by: readAt))
    }

    @Test func `P53: what stands still and is doubtful for another reason gets its date too`() throws {
        var hot = try point("a", at: 0)
        hot.range = Band(low: 0, high: 1)
        var bench = try PollingBench([hot])
        bench.registers[0] = 5
        bench.wallStep = .seconds(-1_770_000_000)
        bench.clock = .unsynchronised
        _ = bench.open()
        #expect(bench.poll().lines == ["0:2 outOfRange 5"])
        #expect(bench.poll().lines == [])
        (bench.wallStep, bench.clock) = (.zero, .synchronised)
        _ = bench.poll()
        let again = bench.poll()
        #expect(again.lines == ["0:3 outOfRange 5"])
        #expect(again?.record.readings.first?.time == bench.time)
    }

    @Test func `P51, P52, P53b: each answer has the time of its own middle, however long the sweep takes`() throws {
        var far = try point("b", at: 4_000)
        far.sampling.interval = .seconds(1)
        var bench = try PollingBench([try point("a", at: 0), far])
        let reads = bench.machine.plan([0])
        #expect(reads.count == 2)
        var times: [Timestamp] = []
        for read in reads {
            bench.now += .seconds(12)
            times.append(bench.time)
            bench.give(.answers, to: read)
        }
        let swept = bench.machine.takeRecord(clock: .synchronised)
        let record = try #require(swept).record
        #expect(record.readings.map(\.time) == times)
    }

    @Test func `D08: the night the clocks go back is like any other`() throws {
        // 2026-10-25 00:59:50 UTC, which is 02:59:50 in Amsterdam, ten seconds before it is 02:00 again.
        let night = Timestamp(nanoseconds: 1_792_889_990_000_000_000)
        var bench = try polled()
        bench.wallStep = .nanoseconds(night.nanoseconds - Self.begin.nanoseconds)
        let times = (1...20).compactMap { _ in change(&bench)?.record.readings[0].time }
        #expect(times == (1...20).map { night.advanced(by: .seconds($0)) })
    }

    // MARK: Starts

    private let memory = [SignalMemory(seq: 9, time: nil, value: .uint(3), valueTime: nil)]

    private func opening(
        lastAlive: Timestamp? = nil, onWall: Timestamp? = nil, clock: ClockReading, _ bench: inout PollingBench
    ) -> SweptRecord? {
        bench.machine.opening(
            time: bench.time,
            history: JournalHistory(
                lastEnd: .crashed, lastAlive: lastAlive, lastAliveOnWall: onWall, epoch: 1, agentURN: "urn:uuid:x"),
            clock: clock)
    }

    @Test func `D09: a start at 1970 declares that readings are missing, and how many once the time is known`() throws {
        var bench = try PollingBench([try point("a", at: 0)], memories: memory)
        let behind = ClockReading(state: .unsynchronised)
        let last = Self.begin.advanced(by: .seconds(500))
        let swept = opening(onWall: last, clock: behind, &bench)
        let record = try #require(swept).record
        #expect(
            record.gaps == [
                Gap(signal: SignalNumber(rawValue: 0), from: Self.begin, to: Self.begin, lost: 1, reason: .agentCrashed)
            ])
        bench.clock = .unsynchronised
        #expect(bench.poll().gapLines == [])
        // The true time is 600 s ahead: the last run ended 100 s before this one began.
        (bench.wallStep, bench.clock) = (.seconds(600), .synchronised)
        bench.registers[0] = 8
        let counted = bench.poll()
        let gap = try #require(counted?.record.gaps.first)
        #expect(gap.from == last && gap.to == Self.begin.advanced(by: .seconds(600)))
        #expect(gap.lost == 99)
        bench.registers[0] = 9
        #expect(bench.poll().gapLines == [], "once")
    }

    @Test func `D09: after a run without a date at least one reading is declared missing`() throws {
        var bench = try PollingBench([try point("a", at: 0)], memories: memory)
        let swept = opening(clock: .synchronised, &bench)
        let record = try #require(swept).record
        #expect(record.gaps.map(\.lost) == [1])
        #expect(record.gaps.allSatisfy { $0.from == Self.begin && $0.to == Self.begin })
    }

    @Test func `A04: a new epoch after a power cut declares what is missing`() throws {
        let before = Self.begin.advanced(by: .seconds(-10))
        var bench = try PollingBench(
            [try point("a", at: 0)], memories: [SignalMemory(seq: 0, time: before, value: .uint(3), valueTime: before)])
        #expect(bench.open(.crashed, lastAlive: before).gapLines == ["0 agent-crashed 10"])
        var new = try PollingBench([try point("a", at: 0)])
        #expect(new.open(.crashed, lastAlive: before).gapLines == [])
    }

    @Test func `D09: a counter whose last time is not known is credited with doubt, and never twice`() throws {
        var bench = try PollingBench(
            [try counterPoint("n", at: 0)],
            memories: [
                SignalMemory(seq: 9, value: .uint(100)), SignalMemory(seq: 8, value: .uint(7_000)),
            ])
        _ = bench.open(.crashed)
        bench.registers[0] = 130
        #expect(bench.poll().lines == ["0:11 implausibleRate 130", "1:10 implausibleRate 7030"])
        bench.registers[0] = 131
        #expect(bench.poll().lines == ["0:12 good 131", "1:11 good 7031"])
    }
}
