internal import GRDB
internal import KoppelCore

/// Times of the oldest and the newest record, put right where the true time is known.
extension Timestamp {
    static func oldestStored(_ db: Database, after position: JournalPosition) throws -> Timestamp? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT first_time, true_offset - wall_offset FROM records LEFT JOIN periods ON number = period
                WHERE position > ? ORDER BY position LIMIT 1
                """, arguments: [position.rawValue])
        return row.map(Timestamp.init(corrected:))
    }

    static func newestStored(_ db: Database) throws -> Timestamp? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT last_time, true_offset - wall_offset FROM records LEFT JOIN periods ON number = period
                ORDER BY position DESC LIMIT 1
                """)
        return row.map(Timestamp.init(corrected:))
    }

    /// The newest time in one record; `nil` if there is none.
    static func newestStored(_ db: Database, at position: JournalPosition) throws -> Timestamp? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT last_time, true_offset - wall_offset FROM records LEFT JOIN periods ON number = period
                    WHERE position = ?
                    """), arguments: [position.rawValue])
        return row.map(Timestamp.init(corrected:))
    }

    private init(corrected row: Row) {
        let correction: Int64? = row[1]
        self = Timestamp(nanoseconds: row[0]).advanced(by: .nanoseconds(correction ?? 0))
    }
}
