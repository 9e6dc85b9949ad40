internal import GRDB
package import KoppelCore

/// A record of the journal as it was found, sound or not.
package struct CheckedRecord: Hashable, Sendable {
    package var position: JournalPosition
    /// `nil` if it is not sound.
    package var stored: StoredRecord?
    /// Why it is not.
    package var fault: String?

    static func fetch(
        _ db: Database, after position: JournalPosition, maximumRecords: Int, at path: String
    ) throws -> [CheckedRecord] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT position, machine, payload, period, readings, wall_offset, true_offset
                FROM records LEFT JOIN periods ON number = period
                WHERE position > ? ORDER BY position LIMIT ?
                """, arguments: [position.rawValue, maximumRecords])
        var records: [CheckedRecord] = []
        while let row = try rows.next() {
            let position = JournalPosition(rawValue: row[0])
            do {
                var stored = try StoredRecord(row: row, at: path)
                let readings: Int = row[4]
                if readings != stored.record.readings.count {
                    records.append(
                        CheckedRecord(
                            position: position,
                            fault: "says that it holds \(readings) readings and holds \(stored.record.readings.count)"))
                    continue
                }
                if let offset = row[5] as Int64? { stored.record.offset = .nanoseconds(offset) }
                if let trueOffset = row[6] as Int64? { stored.record.correct(to: .nanoseconds(trueOffset)) }
                records.append(CheckedRecord(position: position, stored: stored))
            } catch {
                records.append(CheckedRecord(position: position, fault: "does not fit its checksum, or means nothing"))
            }
        }
        return records
    }
}
