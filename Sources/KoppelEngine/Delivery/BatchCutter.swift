package import KoppelCore

/// Cuts a stretch of the journal into messages: one machine, one epoch, one revision and one clock state each, at
/// most `maximumReadings` readings unless a single record holds more.
package struct BatchCutter: Sendable {
    package let maximumReadings: Int

    package init(maximumReadings: Int) { self.maximumReadings = max(1, maximumReadings) }

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

    /// The records of each message, in the order in which the messages have to be sent. The records of one machine
    /// keep their order over all messages.
    package func cut(_ stretch: [StoredRecord]) -> [[StoredRecord]] {
        var batches: [[StoredRecord]] = []
        var open: [MachineNumber: (batch: Int, key: Key, readings: Int)] = [:]
        for stored in stretch {
            let machine = stored.record.machine
            let key = Key(stored)
            let count = stored.record.readings.count
            if let current = open[machine], current.key == key, current.readings + count <= maximumReadings {
                batches[current.batch].append(stored)
                open[machine]?.readings += count
            } else {
                open[machine] = (batches.count, key, count)
                batches.append([stored])
            }
        }
        return batches
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
        first.record.gaps = only.record.gaps.filter { firstSignals.contains($0.signal) }
        second.record.gaps = only.record.gaps.filter { !firstSignals.contains($0.signal) }
        return ([first], [second])
    }
}
