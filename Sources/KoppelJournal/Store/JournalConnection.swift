internal import GRDB
internal import KoppelCore

/// The one connection that writes, set up so that a commit means what `durability` promises.
///
/// GRDB sets `synchronous = NORMAL` by itself when it turns the write-ahead log on, after `prepareDatabase`. So the
/// level is set afterwards, here, and read back each time (S12).
///
/// The file never shrinks: pages that records leave free are used again before the file grows, and `max_page_count`
/// keeps it within the limit. Giving pages back would cost a page map and a write of it with each record, on flash.
final class JournalConnection {
    private enum Synchronous: Int {
        case normal = 1
        case full = 2
    }

    static let pageSize = 4_096

    let path: String
    private let queue: DatabaseQueue
    private var level = Synchronous.normal
    private var pageCap = 0

    /// `logPages` is how long the write-ahead log gets before its pages move into the database.
    init(path: String, logPages: Int) throws {
        self.path = path
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = false
        // Somebody with a sqlite3 shell gets this long to let go.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // Debian's SQLite overwrites what is deleted, which doubles the writing.
            try db.execute(
                sql: """
                    PRAGMA secure_delete = OFF;
                    PRAGMA wal_autocheckpoint = \(logPages);
                    PRAGMA journal_size_limit = \(logPages * 2 * Self.pageSize);
                    PRAGMA cache_size = -1024;
                    """)
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result { try queue.inDatabase(body) }

    /// All or nothing. With `durably` it returns when the disk has it; without, when the kernel has it.
    func transaction<Result>(durably: Bool, _ body: (Database) throws -> Result) throws -> Result {
        try queue.inDatabase { db in
            try set(durably ? .full : .normal, on: db)
            var result: Result?
            try db.inTransaction(.immediate) {
                result = try body(db)
                return .commit
            }
            guard let result else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
            return result
        }
    }

    /// Keeps the file from growing beyond a number of pages; a smaller number than it has keeps it as it is.
    func capPages(_ pages: Int) throws {
        guard pages != pageCap else { return }
        try queue.inDatabase { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        pageCap = pages
    }

    func close() throws { try queue.close() }

    private func set(_ wanted: Synchronous, on db: Database) throws {
        guard level != wanted else { return }
        try db.execute(sql: wanted == .full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        try Self.checkSynchronous(db, isFull: wanted == .full, at: path)
        level = wanted
    }

    /// - Throws: `.durability` unless SQLite reports the level that was asked for.
    static func checkSynchronous(_ db: Database, isFull: Bool, at path: String) throws {
        let wanted = isFull ? Synchronous.full : .normal
        let found = try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1
        guard found != wanted.rawValue else { return }
        throw JournalError(
            kind: .durability(asked: "\(wanted)", found: "synchronous = \(found)"), path: path,
            description: "\(path): SQLite does not wait for the disk as asked (synchronous is \(found), wanted "
                + "\(wanted.rawValue)). Check the SQLite library, or set agent.journal.durability to process.")
    }
}
