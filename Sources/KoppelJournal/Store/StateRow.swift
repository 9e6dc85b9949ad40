internal import GRDB
internal import KoppelCore

/// The one row of table `state`: what the journal knows of itself.
struct StateRow: Equatable {
    /// How the run that wrote last has ended, as far as it could say. A number is never given to another meaning.
    enum End: Int {
        /// Nothing was stored yet, in a journal that had none before it.
        case first = 0
        case stopped = 1
        /// Something was stored and the journal was not closed since.
        case running = 2
        /// Nothing was stored yet, in a journal that follows a damaged one.
        case damaged = 3
    }

    var epoch: UInt32
    /// The kernel's boot id during the run that stored last.
    var boot: String
    /// False if the run that stored last did not wait for the disk, so that a power cut may have cost its end.
    var isDurable: Bool
    var end: End
    /// Where the damaged file went, with ``End/damaged``.
    var setAside: String
    /// On the clock of ``alivePeriod``.
    var lastAlive: Timestamp?
    var alivePeriod: Int64
    /// Memories and totals are those after this position.
    var through: JournalPosition
    var records: Int
    var readings: Int
    var dropped: UInt64

    static func fetch(_ db: Database) throws -> StateRow? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM state") else { return nil }
        let alive: Int64? = row["last_alive"]
        return StateRow(
            epoch: UInt32(clamping: row["epoch"] as Int64), boot: row["boot"], isDurable: row["durable"],
            end: End(rawValue: row["last_end"]) ?? .running, setAside: row["set_aside"],
            lastAlive: alive.map { Timestamp(nanoseconds: $0) }, alivePeriod: row["alive_period"],
            through: JournalPosition(rawValue: row["through"]), records: row["records"], readings: row["readings"],
            dropped: UInt64(clamping: row["dropped"] as Int64))
    }

    func save(_ db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            Int64(epoch), boot, isDurable, end.rawValue, setAside, lastAlive?.nanoseconds, through.rawValue, records,
            readings, Int64(clamping: dropped), alivePeriod,
        ])
    }
}
