import KoppelCore
import KoppelEngine
import Testing

struct BatchCutterTests {
    private let day: Int64 = 86_400_000_000_000

    private func stored(_ position: Int64, day number: Int64) -> StoredRecord {
        let reading = Reading(
            signal: SignalNumber(rawValue: 0), condition: .good, seq: UInt64(position),
            time: Timestamp(nanoseconds: number * day), value: .uint(1))
        return StoredRecord(
            position: JournalPosition(rawValue: position), epoch: 1,
            record: SweepRecord(
                machine: MachineNumber(rawValue: 0), rev: 1, clock: .synchronised, readings: [reading]))
    }

    @Test func `no message spans more than 100 days, forwards or back`() {
        let batches = BatchCutter(maximumReadings: 100).cut([
            stored(1, day: 0), stored(2, day: 99), stored(3, day: 101), stored(4, day: 1), stored(5, day: -100_000),
        ])
        #expect(batches.map { $0.map(\.position.rawValue) } == [[1, 2], [3, 4], [5]])
    }
}
