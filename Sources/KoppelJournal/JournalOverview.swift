internal import GRDB
package import KoppelCore

/// What `koppel journal info` shows.
package struct JournalOverview: Hashable, Sendable {
    package struct Machine: Hashable, Sendable {
        package var number: MachineNumber
        package var id: String
        package var urn: String
        package var rev: UInt32
        /// A signal's number is its place in this list.
        package var signals: [String]
    }

    package struct Destination: Hashable, Sendable {
        package var id: String
        package var cursor: JournalPosition
        /// What is stored and not yet acknowledged.
        package var waitingRecords: Int
        package var waitingReadings: Int
    }

    package var state: JournalState
    package var epoch: UInt32
    /// The urn of the agent.
    package var agentURN: String
    /// The last moment at which the agent said that it was storing; at most 5 s behind while it does.
    package var lastAlive: Timestamp?
    /// True if it was closed in order and nothing was stored since.
    package var isStopped: Bool
    /// In the order of their numbers.
    package var machines: [Machine]
    /// In the order of their ids.
    package var destinations: [Destination]

    init(_ db: Database, logBytes: Int) throws {
        guard let row = try StateRow.fetch(db) else { throw DatabaseError(message: "the journal has no state") }
        let totals = try Self.count(db, after: row.through)
        let lastPosition = try Int64.fetchOne(db, sql: "SELECT max(position) FROM records") ?? 0
        state = JournalState(
            bytes: try PageUse(db).used * JournalConnection.pageSize + logBytes, records: row.records + totals.records,
            readings: row.readings + totals.readings, oldest: try Timestamp.oldestStored(db, after: .start),
            newest: try Timestamp.newestStored(db), dropped: row.dropped,
            end: max(row.through, JournalPosition(rawValue: lastPosition)))
        epoch = row.epoch
        let alive = try ClockPeriod.all(db)[row.alivePeriod]
        lastAlive = row.lastAlive?.advanced(by: alive?.correction ?? .zero)
        isStopped = row.end == .stopped
        let identity = try Identity(db)
        agentURN = identity.agent?.urn ?? ""
        machines = identity.machines.map {
            Machine(
                number: MachineNumber(rawValue: $0.number), id: $0.id, urn: $0.urn, rev: $0.rev, signals: $0.signals)
        }
        destinations = try Row.fetchAll(db, sql: "SELECT id, position FROM destinations ORDER BY id").map { row in
            let cursor = JournalPosition(rawValue: row["position"])
            let waiting = try Self.count(db, after: cursor)
            return Destination(
                id: row["id"], cursor: cursor, waitingRecords: waiting.records, waitingReadings: waiting.readings)
        }
    }

    private static func count(_ db: Database, after position: JournalPosition) throws -> (records: Int, readings: Int) {
        let row = try Row.fetchOne(
            db, sql: "SELECT count(*), coalesce(sum(readings), 0) FROM records WHERE position > ?",
            arguments: [position.rawValue])
        return (row?[0] ?? 0, row?[1] ?? 0)
    }
}

extension Identity {
    /// The copy in the database.
    init(_ db: Database) throws {
        let entries = try String.fetchAll(db, sql: "SELECT line FROM identity").compactMap { Entry(line: $0[...]) }
        for entry in entries.sorted(by: { $0.number < $1.number }) { merge(entry) }
    }
}
