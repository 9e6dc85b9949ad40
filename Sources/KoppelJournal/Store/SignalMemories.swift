internal import KoppelCore

/// The newest reading of every signal of one machine, kept up to date with each stored record.
///
/// It is written as a snapshot from time to time; what came after is replayed from the records at start. Bounded by
/// the number of signals, at most 65,535.
struct SignalMemories: Sendable {
    private(set) var signals: [SignalMemory] = []
    /// True if a record came after the newest snapshot.
    var isDirty = false

    /// Signals are numbered from 0 without holes, so a count is all there is to say.
    mutating func makeRoom(for count: Int) {
        guard count > signals.count else { return }
        signals += Array(repeating: SignalMemory(), count: count - signals.count)
    }

    /// A record of an earlier epoch has times and values, but its seq says nothing about this one.
    mutating func remember(_ readings: [Reading], isCurrentEpoch: Bool) {
        isDirty = true
        readings.withUnsafeBufferPointer { readings in
            var highest: UInt16 = 0
            for index in readings.indices { highest = max(highest, readings[index].signal.rawValue) }
            makeRoom(for: Int(highest) + 1)
            signals.withUnsafeMutableBufferPointer { signals in
                for index in readings.indices {
                    let signal = Int(readings[index].signal.rawValue)
                    if isCurrentEpoch { signals[signal].seq = readings[index].seq }
                    signals[signal].time = readings[index].time
                    if case .some = readings[index].value {
                        signals[signal].value = readings[index].value
                        signals[signal].valueTime = readings[index].time
                    }
                }
            }
        }
    }

    /// A new epoch counts from 1 again; values and times stay.
    mutating func beginEpoch() {
        isDirty = true
        for index in signals.indices { signals[index].seq = 0 }
    }
}

/// A snapshot lies in the database as two records of the usual encoding: one with every signal's seq and newest time,
/// one with every signal's newest value and its time. The machine number takes the place of the position.
extension SignalMemories {
    func withSnapshot<Result>(
        of machine: MachineNumber, epoch: UInt32, using encoder: inout RecordEncoder,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let numbered = zip(SignalNumber.all, signals)
        let sequences = numbered.compactMap { number, memory in
            memory.time.map { Reading(signal: number, condition: .good, seq: memory.seq, time: $0, value: nil) }
        }
        let values = numbered.compactMap { number, memory in
            memory.valueTime.map { Reading(signal: number, condition: .good, seq: 0, time: $0, value: memory.value) }
        }
        encoder.encode(record(machine, sequences), epoch: epoch, position: Int64(machine.rawValue))
        let first = [UInt8](encoder.bytes)
        encoder.encode(record(machine, values), epoch: epoch, position: Int64(machine.rawValue))
        return try first.withUnsafeBytes { try body($0, encoder.bytes) }
    }

    /// A snapshot made before the current epoch gives no seq.
    init(
        machine: MachineNumber, epoch: UInt32, sequences: [UInt8], values: [UInt8]
    ) throws(CodecError) {
        let position = Int64(machine.rawValue)
        let (written, first) = try RecordDecoder.decode(sequences, machine: machine, position: position)
        let (_, second) = try RecordDecoder.decode(values, machine: machine, position: position)
        remember(first.readings, isCurrentEpoch: written == epoch)
        for reading in second.readings {
            let index = Int(reading.signal.rawValue)
            guard index < signals.count else { throw .meaningless }
            signals[index].value = reading.value
            signals[index].valueTime = reading.time
        }
        isDirty = false
    }

    private func record(_ machine: MachineNumber, _ readings: [Reading]) -> SweepRecord {
        SweepRecord(machine: machine, rev: 0, clock: .synchronised, readings: readings)
    }
}

extension SignalNumber {
    /// Every number there can be, lowest first.
    static var all: some Sequence<SignalNumber> { (0...UInt16.max).lazy.map { SignalNumber(rawValue: $0) } }
}
