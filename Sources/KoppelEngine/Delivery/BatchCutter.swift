package import KoppelCore

/// Cuts a stretch of the journal into messages: one machine, one epoch, one revision and one clock state each, at
/// most `maximumReadings` readings unless a single record holds more, and at most 100 days from its oldest to its newest
/// reading: offsets in a message reach 104 days (2^53 - 1 ns), and a dialect has to bend what is further away.
package struct BatchCutter: Sendable {
    package let maximumReadings: Int

    package init(maximumReadings: Int) { self.maximumReadings = max(1, maximumReadings) }

    private static let longestSpan: Int64 = 100 * 86_400 * 1_000_000_000

    private struct Open {
        let batch: Int
        let key: Key
        var readings: Int
        var times: ClosedRange<Int64>
    }

    private struct Key: Hashable {
        let machine: MachineNumber
        let epoch: UInt32
        let rev: UInt32
        let clock: ClockState

        init(_ stored: StoredRecord) {
            machine = stored.record.machine
            epoch = stored.epoch
            rev = stored.record.rev
            clock = stored.record.clock
        }
    }

    /// The records of each message, without those that hold no reading, in the order in which the messages have to be sent. The records of one machine
    /// keep their order over all messages.
    package func cut(_ stretch: [StoredRecord]) -> [[StoredRecord]] {
        var batches: [[StoredRecord]] = []
        var open: [MachineNumber: Open] = [:]
        for stored in stretch where !stored.record.readings.isEmpty {
            let machine = stored.record.machine
            let key = Key(stored)
            let count = stored.record.readings.count
            let times = Self.times(of: stored.record)
            if let current = open[machine], current.key == key, current.readings + count <= maximumReadings,
                let all = Self.joined(current.times, times)
            {
                batches[current.batch].append(stored)
                open[machine]?.readings += count
                open[machine]?.times = all
            } else {
                open[machine] = Open(batch: batches.count, key: key, readings: count, times: times)
                batches.append([stored])
            }
        }
        return batches
    }

    /// A record is one sweep: its first and last reading stand for the others.
    private static func times(of record: SweepRecord) -> ClosedRange<Int64> {
        let first = record.readings.first?.time.nanoseconds ?? 0
        let last = record.readings.last?.time.nanoseconds ?? 0
        return min(first, last)...max(first, last)
    }

    /// Both ranges in one; `nil` if that is too long.
    private static func joined(_ one: ClosedRange<Int64>, _ other: ClosedRange<Int64>) -> ClosedRange<Int64>? {
        let all = min(one.lowerBound, other.lowerBound)...max(one.upperBound, other.upperBound)
        let (span, overflow) = all.upperBound.subtractingReportingOverflow(all.lowerBound)
        return overflow || span > longestSpan ? nil : all
    }

    /// Two halves of a batch that a broker finds too large: by records, or by the readings of its only record.
    /// `nil` if it holds a single reading and cannot be made smaller.
    package static func halves(of batch: [StoredRecord]) -> ([StoredRecord], [StoredRecord])? {
        if batch.count > 1 {
            let middle = batch.count / 2
            return (Array(batch[..<middle]), Array(batch[middle...]))
        }
        guard let only = batch.first, only.record.readings.count > 1 else { return nil }
        let middle = only.record.readings.count / 2
        var (first, second) = (only, only)
        first.record.readings = Array(only.record.readings[..<middle])
        second.record.readings = Array(only.record.readings[middle...])
        let firstSignals = Set(first.record.readings.map(\.signal))
        second.record.occurrences = []
        first.record.gaps = only.record.gaps.filter { firstSignals.contains($0.signal) }
        second.record.gaps = only.record.gaps.filter { !firstSignals.contains($0.signal) }
        return ([first], [second])
    }
}
