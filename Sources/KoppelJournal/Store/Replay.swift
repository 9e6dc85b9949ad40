internal import FoundationEssentials
internal import GRDB
internal import KoppelCore

/// Brings memories and totals from the newest snapshot up to the newest record, when the journal is opened.
struct Replay {
    private(set) var totals: JournalBoard.Totals
    private(set) var end: JournalPosition
    var memories: [SignalMemories] = []
    private let epoch: UInt32

    init(state: StateRow, epoch: UInt32) {
        totals = JournalBoard.Totals(records: state.records, readings: state.readings, dropped: state.dropped)
        end = state.through
        self.epoch = epoch
    }

    mutating func run(_ db: Database, machines: Int, at path: String) throws {
        memories = Array(repeating: SignalMemories(), count: machines)
        try readSnapshots(db, at: path)
        try readRecords(db, at: path)
    }

    private mutating func readSnapshots(_ db: Database, at path: String) throws {
        let rows = try Row.fetchCursor(db, sql: "SELECT machine, sequences, newest_values FROM memories")
        while let row = try rows.next() {
            let number: Int = row[0]
            guard memories.indices.contains(number) else { continue }
            let sequences: Data = row[1]
            let values: Data = row[2]
            do throws(CodecError) {
                memories[number] = try SignalMemories(
                    machine: MachineNumber(rawValue: number), epoch: epoch, sequences: [UInt8](sequences),
                    values: [UInt8](values))
            } catch {
                throw JournalFailure.corrupt(path, "memory of machine \(number): \(error)")
            }
        }
    }

    private mutating func readRecords(_ db: Database, at path: String) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT position, machine, payload, period FROM records WHERE position > ? ORDER BY position",
            arguments: [end.rawValue])
        while let row = try rows.next() {
            let stored = try StoredRecord(row: row, at: path)
            let number = stored.record.machine.rawValue
            guard memories.indices.contains(number) else { continue }
            memories[number].remember(stored.record, in: row[3], isCurrentEpoch: stored.epoch == epoch)
            end = stored.position
            totals.records += 1
            totals.readings += stored.record.readings.count
        }
    }
}

extension StoredRecord {
    /// From position, machine, payload and period, in this order, with the times as they were stored; `.corrupt` if the
    /// payload is not what was stored.
    init(row: Row, at path: String) throws {
        let position: Int64 = row[0]
        let machine: Int = row[1]
        let seal = ClockPeriod.seal(position, in: row[3])
        do {
            let (epoch, record) = try row.withUnsafeData(atIndex: 2) { data in
                try (data ?? Data()).withUnsafeBytes { bytes in
                    try RecordDecoder.decode(bytes, machine: MachineNumber(rawValue: machine), position: seal)
                }
            }
            self.init(position: JournalPosition(rawValue: position), epoch: epoch, record: record)
        } catch let error as CodecError {
            throw JournalFailure.corrupt(path, "record \(position): \(error)")
        }
    }
}
