internal import GRDB
internal import KoppelCore
internal import KoppelExecutor

/// Reads for delivery, on a thread and a connection of its own, so that a large catch-up never holds up storing.
///
/// Each call is one short read transaction, which lets the write-ahead log be emptied in between (S09).
actor JournalReader {
    private nonisolated let thread = ThreadExecutor(name: "journal read")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let folder: DataFolder
    private var queue: DatabaseQueue?

    init(folder: DataFolder) { self.folder = folder }

    func read(after position: JournalPosition, maximumReadings: Int) throws(JournalError) -> [StoredRecord] {
        let path = folder.database
        return try inspect { try StoredRecord.fetch($0, after: position, maximumReadings: maximumReadings, at: path) }
    }

    func state(end: JournalPosition, totals: JournalBoard.Totals) throws(JournalError) -> JournalState {
        let logBytes = DataFile.size(folder.database + "-wal") ?? 0
        return try inspect { db in
            JournalState(
                bytes: try PageUse(db).used * JournalConnection.pageSize + logBytes, records: totals.records,
                readings: totals.readings, oldest: try Timestamp.oldestStored(db, after: .start),
                newest: try Timestamp.newestStored(db), dropped: totals.dropped, end: end)
        }
    }

    /// When the oldest record after a position was read; `nil` if there is none.
    func oldest(after position: JournalPosition) throws(JournalError) -> Timestamp? {
        try inspect { try Timestamp.oldestStored($0, after: position) }
    }

    func close() { queue = nil }

    private func inspect<Result>(_ body: (Database) throws -> Result) throws(JournalError) -> Result {
        do {
            return try openQueue().inDatabase(body)
        } catch {
            let failure = JournalFailure.error(error, at: folder.database)
            if failure.kind == .corrupt { folder.markSuspect(failure.description) }
            if (error as? DatabaseError)?.resultCode == .SQLITE_IOERR { queue = nil }
            throw failure
        }
    }

    private func openQueue() throws -> DatabaseQueue {
        if let queue { return queue }
        let opened = try DatabaseQueue(readingJournal: folder.database, label: "journal reader")
        queue = opened
        return opened
    }
}
