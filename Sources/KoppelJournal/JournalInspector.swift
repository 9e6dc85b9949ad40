internal import GRDB
package import KoppelCore
internal import KoppelExecutor

/// Looks into the journal of a data folder without owning it: for `koppel journal info`, `tail` and `export`, also
/// while the agent runs.
///
/// It changes nothing and takes no lock. What it says is as of one moment. A journal that another program keeps locked,
/// or that lies on a read-only volume, is read from a copy (S07).
package actor JournalInspector {
    private nonisolated let thread = ThreadExecutor(name: "journal look")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let folder: DataFolder
    private var queue: DatabaseQueue?
    private var copy: JournalCopy?

    /// True if it reads a copy, since the journal cannot be read where it is.
    package var readsCopy: Bool { copy != nil }

    package init(folder: String) {
        self.folder = DataFolder(path: folder)
    }

    /// - Throws: `.folder` if there is no journal, `.newer` or `.corrupt` if it cannot be read.
    package func overview() throws(JournalError) -> JournalOverview {
        let logBytes = DataFile.size(folder.database + "-wal") ?? 0
        return try inspect { try JournalOverview($0, logBytes: logBytes) }
    }

    /// As ``Journal/read(after:maximumReadings:)``.
    package func read(
        after position: JournalPosition, maximumReadings: Int
    ) throws(JournalError) -> [StoredRecord] {
        let path = folder.database
        return try inspect { try StoredRecord.fetch($0, after: position, maximumReadings: maximumReadings, at: path) }
    }

    /// Every record after a position with what is wrong with it: at most so many, oldest first. A damaged record does
    /// not keep the others from being looked at.
    package func check(after position: JournalPosition, maximumRecords: Int) throws(JournalError) -> [CheckedRecord] {
        let path = folder.database
        return try inspect { try CheckedRecord.fetch($0, after: position, maximumRecords: maximumRecords, at: path) }
    }

    /// What SQLite finds wrong with the file itself, at most 20 sentences; reads all of it.
    package func checkFile() throws(JournalError) -> [String] {
        try inspect { try String.fetchAll($0, sql: "PRAGMA quick_check(20)").filter { $0 != "ok" } }
    }

    private func inspect<Result>(_ body: (Database) throws -> Result) throws(JournalError) -> Result {
        guard (DataFile.size(folder.database) ?? 0) > 0 else {
            throw JournalFailure.folder(folder.path, "there is no journal here yet")
        }
        do {
            return try look(at: copy?.database ?? folder.database, body)
        } catch {
            guard copy == nil, Self.asksForCopy(error) else { throw JournalFailure.error(error, at: folder.database) }
            queue = nil
            copy = try JournalCopy(of: folder.database)
        }
        do {
            return try look(at: copy?.database ?? folder.database, body)
        } catch {
            throw JournalFailure.error(error, at: folder.database)
        }
    }

    private func look<Result>(at path: String, _ body: (Database) throws -> Result) throws -> Result {
        let queue = try queue ?? DatabaseQueue(readingJournal: path, label: "journal look", isOurs: copy != nil)
        self.queue = queue
        return try queue.inDatabase { db in
            try Schema.checkVersion(db, at: folder.database)
            var result: Result?
            try db.inTransaction(.deferred) {
                result = try body(db)
                return .commit
            }
            guard let result else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
            return result
        }
    }

    /// Locked by another program, or on a volume where not even the index of the log can be written.
    private static func asksForCopy(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode else { return false }
        return [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM].contains(code)
    }
}

extension DatabaseQueue {
    /// A connection that reads, with little memory.
    ///
    /// A copy is ours: its log still has to be indexed, which is writing.
    convenience init(readingJournal path: String, label: String, isOurs: Bool = false) throws {
        var configuration = Configuration()
        configuration.label = label
        configuration.readonly = !isOurs
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -1024") }
        try self.init(path: path, configuration: configuration)
    }
}

extension StoredRecord {
    /// Records after a position: at most `maximumReadings` readings, but at least one record if there is one. Times
    /// that can be put right by now are.
    static func fetch(
        _ db: Database, after position: JournalPosition, maximumReadings: Int, at path: String
    ) throws -> [StoredRecord] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT position, machine, payload, period, readings, wall_offset, true_offset
                    FROM records LEFT JOIN periods ON number = period
                    WHERE position > ? ORDER BY position
                    """),
            arguments: [position.rawValue])
        var records: [StoredRecord] = []
        var readings = 0
        while let row = try rows.next() {
            readings += row[4]
            if !records.isEmpty, readings > maximumReadings { break }
            var stored = try StoredRecord(row: row, at: path)
            if let offset = row[5] as Int64? { stored.record.offset = .nanoseconds(offset) }
            if let trueOffset = row[6] as Int64? { stored.record.correct(to: .nanoseconds(trueOffset)) }
            records.append(stored)
            if readings >= maximumReadings { break }
        }
        return records
    }
}
