import KoppelCore
import KoppelEngine
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LiveLaneTests {
    private let lane = LiveLane(epoch: 3)

    private func record(_ readings: [(UInt16, Condition, UInt64)], momentary: [Int] = [], machine: Int = 0)
        -> SweptRecord
    {
        SweptRecord(
            record: SweepRecord(
                machine: MachineNumber(rawValue: machine), rev: 2, clock: .synchronised,
                readings: readings.map { signal, condition, seq in
                    Reading(
                        signal: SignalNumber(rawValue: signal), condition: condition, seq: seq,
                        time: Timestamp(nanoseconds: Int64(seq)),
                        value: condition.quality == .bad ? nil : .uint(seq))
                }), momentary: momentary)
    }

    private func names(_ items: [LiveLane.Item]) -> [String] {
        items.compactMap { item in
            item.shown.map { "\(item.machine.rawValue).\($0.reading.signal.rawValue):\($0.reading.seq)" }
        }
    }

    @Test func `a newer reading takes the place of an older one, in the place of the oldest change`() async {
        await lane.offer([record([(0, .good, 1), (1, .good, 1)]), record([(0, .good, 1)], machine: 1)])
        await lane.offer([record([(0, .good, 2)])])
        #expect(names(await lane.take(2)) == ["0.0:2", "0.1:1"])
        await lane.offer([record([(0, .good, 3)])])
        #expect(names(await lane.take(10)) == ["1.0:1", "0.0:3"])
    }

    @Test func `4_1: a momentary reading is not shown, the others of its record are`() async {
        await lane.offer([record([(0, .good, 1), (1, .good, 1)])])
        _ = await lane.take(10)
        await lane.offer([
            record([(0, .timeout, 2), (1, .timeout, 2), (1, .good, 3), (2, .timeout, 2)], momentary: [0, 1, 3])
        ])
        #expect(names(await lane.take(10)) == ["0.1:3"])
        await lane.repeatAll()
        #expect(Set(names(await lane.take(10))) == ["0.0:1", "0.1:3"])
    }

    @Test func `P55: a destination that comes later is told what another one knows, and not over what is newer`() async
    {
        await lane.offer([record([(0, .good, 1), (1, .good, 1)])])
        _ = await lane.take(10)
        let later = LiveLane(epoch: 3)
        await later.offer([record([(1, .good, 2)])])
        await later.learn(from: lane)
        #expect(Set(names(await later.take(10))) == ["0.0:1", "0.1:2"])
    }

    @Test func `the last value stays known while a signal is bad`() async {
        await lane.offer([record([(0, .good, 4)])])
        await lane.offer([record([(0, .noCommunication, 5)])])
        let item = await lane.take(1).first
        #expect(item?.shown?.reading.value == nil)
        #expect(item?.shown?.last == LastValue(value: .uint(4), time: Timestamp(nanoseconds: 4)))
        #expect(item?.rev == 2)
        #expect(item?.epoch == 3)
    }

    @Test func `repeating puts each signal in the queue once`() async {
        await lane.offer([record((0..<100).map { ($0, .good, 1) })])
        await lane.repeatAll()
        #expect(await lane.take(1_000).count == 100)
        await lane.repeatAll()
        await lane.repeatAll()
        #expect(await lane.take(1_000).count == 100)
    }

    @Test func `who waits is woken by a reading, and each by the end of its task`() async {
        let lane = lane
        let first = Task { await lane.take(1).count }
        let second = Task { await lane.take(1).count }
        for _ in 0..<100 { await Task.yield() }
        first.cancel()
        #expect(await first.value == 0)
        await lane.offer([record([(0, .good, 1)])])
        #expect(await second.value == 1)
    }

    @Test func `a large machine that goes silent costs no more than one that answers`() async {
        let readings = (0..<UInt16(50_000)).map { ($0, Condition.timeout, UInt64(1)) }
        let begin = ContinuousClock.now
        await lane.offer([record(readings, momentary: Array(readings.indices))])
        #expect(ContinuousClock.now - begin < .seconds(2))
    }
}

extension LiveLane.Item {
    var shown: (reading: Reading, last: LastValue?)? {
        if case .reading(let reading, let last) = content { (reading, last) } else { nil }
    }
}
