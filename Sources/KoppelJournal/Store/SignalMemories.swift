internal import KoppelCore

/// The newest reading of every signal of one machine, kept up to date with each stored record.
///
/// It is written as a snapshot from time to time; what came after is replayed from the records at start. Bounded by
/// the number of signals, at most 65,535.
struct SignalMemories: Sendable {
    /// A memory, and the clock periods its times belong to.
    struct Entry: Sendable {
        var memory = SignalMemory()
        var period: Int64 = 0
        var valuePeriod: Int64 = 0

        /// The memory with its times on the agent's own time, as far as they can be placed there.
        func placed(_ times: PastTimes) -> SignalMemory {
            var placed = memory
            placed.time = memory.time.flatMap { times.onAgentTime($0, in: period) }
            placed.valueTime = memory.valueTime.flatMap { times.onAgentTime($0, in: valuePeriod) }
            return placed
        }
    }

    private(set) var signals: [Entry] = []
    /// State, alarms and the open window of the machine.
    private(set) var machine = MachineMemory()
    /// The clock period of what was remembered of the machine last.
    private var machinePeriod: Int64 = 0
    /// True if a record came after the newest snapshot.
    var isDirty = false

    /// Signals are numbered from 0 without holes, so a count is all there is to say.
    mutating func makeRoom(for count: Int) {
        guard count > signals.count else { return }
        signals += Array(repeating: Entry(), count: count - signals.count)
    }

    /// A record of an earlier epoch has times and values, but its seq says nothing about this one.
    mutating func remember(_ record: SweepRecord, in period: Int64, isCurrentEpoch: Bool) {
        if !record.occurrences.isEmpty {
            machine.remember(record.occurrences, isCurrentEpoch: isCurrentEpoch)
            machinePeriod = period
        }
        remember(record.readings, in: period, isCurrentEpoch: isCurrentEpoch)
    }

    /// What is remembered of the machine, with its times on the agent's own time as far as they can be placed there.
    func placedMachine(_ times: PastTimes) -> MachineMemory {
        machine.placed { times.onAgentTimeAsTold($0, in: machinePeriod) }
    }

    private mutating func remember(_ readings: [Reading], in period: Int64, isCurrentEpoch: Bool) {
        isDirty = true
        guard !readings.isEmpty else { return }
        readings.withUnsafeBufferPointer { readings in
            var highest: UInt16 = 0
            for index in readings.indices { highest = max(highest, readings[index].signal.rawValue) }
            makeRoom(for: Int(highest) + 1)
            signals.withUnsafeMutableBufferPointer { signals in
                for index in readings.indices {
                    let signal = Int(readings[index].signal.rawValue)
                    if isCurrentEpoch { signals[signal].memory.seq = readings[index].seq }
                    signals[signal].memory.time = readings[index].time
                    signals[signal].period = period
                    if case .some = readings[index].value {
                        signals[signal].memory.value = readings[index].value
                        signals[signal].memory.valueTime = readings[index].time
                        signals[signal].valuePeriod = period
                    }
                }
            }
        }
    }

    /// A new epoch counts from 1 again; values and times stay.
    mutating func beginEpoch() {
        isDirty = true
        machine.beginEpoch()
        for index in signals.indices { signals[index].memory.seq = 0 }
    }
}

/// A snapshot lies in the database as two records of the usual encoding: one with every signal's seq and newest time,
/// one with every signal's newest value and its time. The machine number takes the place of the position. The clock
/// period of a newest time stands where a value would, that of a value where a seq would. With the first goes what is
/// remembered of the machine, its period where a revision would stand.
extension SignalMemories {
    func withSnapshot<Result>(
        of machine: MachineNumber, epoch: UInt32, using encoder: inout RecordEncoder,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let numbered = zip(SignalNumber.all, signals)
        let sequences = numbered.compactMap { number, entry in
            entry.memory.time.map {
                Reading(
                    signal: number, condition: .good, seq: entry.memory.seq, time: $0,
                    value: .uint(UInt64(entry.period)))
            }
        }
        let values = numbered.compactMap { number, entry in
            entry.memory.valueTime.map {
                Reading(
                    signal: number, condition: .good, seq: UInt64(entry.valuePeriod), time: $0,
                    value: entry.memory.value)
            }
        }
        var first = record(machine, sequences)
        first.occurrences = self.machine.occurrences
        first.rev = UInt32(clamping: machinePeriod)
        encoder.encode(first, epoch: epoch, position: Int64(machine.rawValue))
        let head = [UInt8](encoder.bytes)
        encoder.encode(record(machine, values), epoch: epoch, position: Int64(machine.rawValue))
        return try head.withUnsafeBytes { try body($0, encoder.bytes) }
    }

    /// A snapshot made before the current epoch gives no seq.
    init(
        machine: MachineNumber, epoch: UInt32, sequences: [UInt8], values: [UInt8]
    ) throws(CodecError) {
        let position = Int64(machine.rawValue)
        let (written, first) = try RecordDecoder.decode(sequences, machine: machine, position: position)
        let (_, second) = try RecordDecoder.decode(values, machine: machine, position: position)
        self.machine.remember(first.occurrences, isCurrentEpoch: written == epoch)
        machinePeriod = Int64(first.rev)
        makeRoom(for: Int(first.readings.map(\.signal.rawValue).max() ?? 0) + 1)
        for reading in first.readings {
            let index = Int(reading.signal.rawValue)
            if written == epoch { signals[index].memory.seq = reading.seq }
            signals[index].memory.time = reading.time
            // Version 1 of the file knew no periods and left this empty.
            if case .uint(let period)? = reading.value { signals[index].period = Int64(clamping: period) }
        }
        for reading in second.readings {
            let index = Int(reading.signal.rawValue)
            guard index < signals.count else { throw .meaningless }
            signals[index].memory.value = reading.value
            signals[index].memory.valueTime = reading.time
            signals[index].valuePeriod = Int64(clamping: reading.seq)
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
