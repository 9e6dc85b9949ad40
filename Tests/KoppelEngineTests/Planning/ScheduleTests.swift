import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

struct ScheduleTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var phase = Duration.zero
        /// When the bus asks, in tenths of the interval of 1 s.
        let asked: [Int]
        /// What it gets each time: nothing, or the slot in tenths and the number of missed slots.
        let taken: [(slot: Int, missed: Int)?]
        let nextDue: Int
    }

    static let vectors = [
        Vector(
            testDescription: "P23: due at the start, then on the grid", asked: [0, 10], taken: [(0, 0), (10, 0)],
            nextDue: 20),
        Vector(
            testDescription: "P23: running late does not move the grid", asked: [0, 14, 20],
            taken: [(0, 0), (10, 0), (20, 0)], nextDue: 30),
        Vector(testDescription: "nothing is due before its slot", asked: [0, 9], taken: [(0, 0), nil], nextDue: 10),
        Vector(
            testDescription: "P21: 3.4 intervals late is one run and 3 missed", asked: [0, 44],
            taken: [(0, 0), (40, 3)], nextDue: 50),
        Vector(
            testDescription: "P21: no burst after a delay", asked: [0, 44, 45, 50],
            taken: [(0, 0), (40, 3), nil, (50, 0)], nextDue: 60),
        Vector(
            testDescription: "F05: two slots for one run, each time", asked: [0, 21, 42, 63],
            taken: [(0, 0), (20, 1), (40, 1), (60, 1)], nextDue: 70),
        Vector(testDescription: "exactly on the slot is in time", asked: [30], taken: [(30, 3)], nextDue: 40),
        Vector(
            testDescription: "a phase moves the whole grid", phase: .milliseconds(300), asked: [0, 3, 24],
            taken: [nil, (3, 0), (23, 1)], nextDue: 33),
        Vector(
            testDescription: "D06: a question from the past takes nothing", asked: [20, 10], taken: [(20, 2), nil],
            nextDue: 30),
    ]

    @Test(arguments: vectors)
    func `slots`(_ vector: Vector) throws {
        let item = try #require(Schedule.Item(interval: .seconds(1), phase: vector.phase))
        var schedule = Schedule([item], start: .seconds(100))
        func moment(_ tenths: Int) -> Duration { .seconds(100) + .milliseconds(100 * tenths) }
        for (tenths, expected) in zip(vector.asked, vector.taken) {
            let due = schedule.takeDue(now: moment(tenths))
            guard let expected else {
                #expect(due.isEmpty)
                continue
            }
            let missedSlots =
                expected.missed == 0
                ? nil : moment(expected.slot - 10 * expected.missed)...moment(expected.slot - 10)
            #expect(
                due == [
                    Schedule.Due(
                        item: 0, slot: moment(expected.slot), missed: expected.missed, missedSlots: missedSlots)
                ])
        }
        #expect(schedule.nextDue == moment(vector.nextDue))
    }

    @Test(arguments: 0..<20)
    func `P21: runs and missed slots are all slots that went by, whatever happens`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let items = try (0..<Int.random(in: 1...8, using: &random)).map { _ in
            try #require(
                Schedule.Item(
                    interval: .milliseconds(Int.random(in: 10...5_000, using: &random)),
                    phase: .microseconds(Int.random(in: 0...9_000_000, using: &random))))
        }
        let start = Duration.microseconds(Int.random(in: 0...1_000_000, using: &random))
        var schedule = Schedule(items, start: start)
        var now = start
        var accounted = [Int](repeating: 0, count: items.count)
        for _ in 0..<100 {
            now += .microseconds(Int.random(in: 0...(Bool.random(using: &random) ? 20_000 : 9_000_000), using: &random))
            for due in schedule.takeDue(now: now) {
                accounted[due.item] += 1 + due.missed
                #expect(due.slot <= now && now - due.slot < items[due.item].interval)
            }
            let next = try #require(schedule.nextDue)
            #expect(next > now)
            for (index, item) in items.enumerated() {
                let first = start + item.phase
                let elapsed =
                    now < first
                    ? 0 : 1 + Int((now - first).wholeNanoseconds / item.interval.wholeNanoseconds)
                #expect(accounted[index] == elapsed, "seed \(seed), item \(index), \(now)")
            }
        }
    }

    @Test func `interval zero is always due and misses nothing`() throws {
        var schedule = Schedule([try #require(Schedule.Item(interval: .zero))])
        for now in [Duration.zero, .nanoseconds(1), .seconds(60)] {
            #expect(schedule.takeDue(now: now) == [Schedule.Due(item: 0, slot: now, missed: 0, missedSlots: nil)])
            let next = try #require(schedule.nextDue)
            #expect(next <= now)
        }
    }

    @Test func `intervals under 10 ms and negative times are refused`() {
        #expect(Schedule.Item(interval: .milliseconds(9)) == nil)
        #expect(Schedule.Item(interval: .milliseconds(-1)) == nil)
        #expect(Schedule.Item(interval: .seconds(1), phase: .milliseconds(-1)) == nil)
        #expect(Schedule.Item(interval: .milliseconds(10)) != nil)
    }

    @Test func `an interval longer than time itself is due once`() throws {
        var schedule = Schedule([try #require(Schedule.Item(interval: .seconds(Int64.max)))], start: .seconds(1))
        #expect(schedule.takeDue(now: .seconds(2)).count == 1)
        #expect(schedule.takeDue(now: .seconds(1_000_000_000)).isEmpty)
    }

    @Test func `nothing to do is never due`() {
        var schedule = Schedule([])
        #expect(schedule.nextDue == nil)
        #expect(schedule.takeDue(now: .seconds(1)).isEmpty)
    }
}
