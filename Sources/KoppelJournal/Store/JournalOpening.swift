internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import KoppelCore
internal import Logging

/// A journal that was found sound, or made.
struct OpenedJournal {
    var lock: FolderLock
    var connection: JournalConnection
    var mark: HighWaterMark
    var delivered: DeliveredMark
    var identity: Identity
    var state: StateRow
    /// The newest clock period, and the journal's age now.
    var period: ClockPeriod?
    var age: Duration
    var memories: [SignalMemories]
    var end: JournalPosition
    var totals: JournalBoard.Totals
    var cursors: [Identifier: JournalPosition]
    /// Readings up to each cursor that are still in the file.
    var done: [Identifier: Int]
    var history: JournalHistory
    /// Where a destination begins that the journal does not know, if a damaged one did not say what they have.
    var beginOfUnknown: JournalPosition?
}

/// Finds out how the journal was left, and makes it usable: sets a damaged one aside, replays what came after the
/// last snapshot, begins a new epoch where seq numbers cannot be proved to go on.
struct JournalOpening {
    /// Up to this size every record is checked at start; above it damage is found when a record is read.
    static let checkedWhole = 32 << 20

    let folder: DataFolder
    let limits: JournalLimits
    let isDurable: Bool
    var surroundings: JournalSurroundings

    mutating func run() throws(JournalError) -> OpenedJournal {
        try folder.prepare()
        let lock = try FolderLock(folder.lock)
        let identity = try IdentityFile(path: folder.identity).load()
        try refuseNewer()
        var damage: (setAside: String, lastAlive: Timestamp?)?
        if DataFile.exists(folder.suspect) || isMissing(although: identity) { damage = try setAside() }
        do {
            return try load(lock, identity, after: damage)
        } catch {
            guard error.kind == .corrupt, damage == nil else { throw error }
            damage = try setAside()
            return try load(lock, identity, after: damage)
        }
    }

    /// Looks at the file's header only, so that a newer file stays exactly as it is (A15).
    private func refuseNewer() throws(JournalError) {
        let descriptor = open(folder.database, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 64)
        guard pread(descriptor, &header, 64, 0) == 64, header.starts(with: "SQLite format 3\0".utf8) else { return }
        let version = header[60...].reduce(0) { $0 << 8 | Int($1) }
        guard version <= Schema.version else { throw Schema.newer(version, at: folder.database) }
    }

    /// True if there was a database and somebody took it away.
    private func isMissing(although identity: Identity) -> Bool {
        identity.agent != nil && (DataFile.size(folder.database) ?? 0) == 0
    }

    /// The files' times tell when the journal was last in use.
    private func setAside() throws(JournalError) -> (setAside: String, lastAlive: Timestamp?) {
        let times = [folder.database, folder.database + "-wal", folder.mark].compactMap { DataFile.modified($0) }
        return (try folder.setAside(at: surroundings.clock.wall), times.max())
    }

    private mutating func load(
        _ lock: FolderLock, _ known: Identity, after damage: (setAside: String, lastAlive: Timestamp?)?
    ) throws(JournalError) -> OpenedJournal {
        try folder.createDatabaseFile()
        let markFound = try HighWaterMark.read(folder.mark)
        var identity = known
        do {
            let connection = try JournalConnection(path: folder.database, logPages: limits.logPages)
            try connection.read { try Schema.migrate($0, at: folder.database) }
            let size = (DataFile.size(folder.database) ?? 0) + (DataFile.size(folder.database + "-wal") ?? 0)
            if size <= Self.checkedWhole { try connection.read { try checkWhole($0) } }
            identity.merge(try connection.read { try Identity($0) })
            let deliveredBefore = try DeliveredMark.read(folder.delivered)
            let salvaged = try damage.flatMap {
                try salvage($0.setAside, deliveredBefore, into: connection)
            }
            var state: StateRow
            if let found = try connection.read({ try StateRow.fetch($0) }) {
                state = found
            } else if damage == nil, known.agent != nil {
                throw JournalFailure.corrupt(folder.database, "it has lost its state")
            } else {
                state = newState(identity, after: try damageToDeclare(damage, salvaged), from: markFound ?? .start)
                if let salvaged { takeOver(salvaged, &state) }
            }
            state.epoch = max(state.epoch, identity.agent?.epoch ?? 0)
            let cursors = try connection.read { try storedCursors($0) }
            var replay = Replay(state: state, epoch: state.epoch)
            try connection.read { try replay.run($0, machines: identity.machines.count, at: folder.database) }
            let end = max(replay.end, cursors.values.max() ?? .start)
            if try !isContinuous(state, mark: markFound, end: end) {
                state.epoch += 1
                for index in replay.memories.indices { replay.memories[index].beginEpoch() }
            }
            identity.agent = Identity.Agent(urn: identity.agent?.urn ?? makeURN(), epoch: state.epoch)
            try save(identity, state, in: connection)
            let mark = try HighWaterMark(folder.mark)
            try mark.write(end)
            let period = try connection.read { try ClockPeriod.newest($0) }
            return OpenedJournal(
                lock: lock, connection: connection, mark: mark, delivered: try deliveredMark(), identity: identity,
                state: state, period: period,
                age: try connection.read { try age($0, state, period) }, memories: replay.memories, end: end,
                totals: replay.totals, cursors: cursors,
                done: try connection.read { try storedDone($0, cursors) },
                history: try connection.read { history(state, identity, try PastTimes($0, surroundings)) },
                beginOfUnknown: salvaged?.cursorsAreLost == true ? deliveredBefore?.position ?? .start : nil)
        } catch {
            throw JournalFailure.error(error, at: folder.database)
        }
    }

    /// A journal without its end would give seq numbers a second time. It is damaged if that shows, and begins a new
    /// epoch if it cannot be ruled out: after a power cut without `durability: power`, or without a mark.
    private func isContinuous(_ state: StateRow, mark: JournalPosition?, end: JournalPosition) throws -> Bool {
        guard state.end == .running || state.end == .stopped else { return true }
        let mayHaveLostItsEnd =
            state.end == .running && !state.isDurable && state.boot != surroundings.bootID
        guard let mark else { return false }
        guard mark > end, !mayHaveLostItsEnd else { return !mayHaveLostItsEnd }
        throw JournalFailure.corrupt(
            folder.database, "it ends at record \(end.rawValue) and should reach \(mark.rawValue)")
    }

    private func newState(
        _ identity: Identity, after damage: (setAside: String, lastAlive: Timestamp?)?, from start: JournalPosition
    ) -> StateRow {
        StateRow(
            epoch: (identity.agent?.epoch ?? 0) + 1, boot: surroundings.bootID, isDurable: isDurable,
            end: damage == nil ? .first : .damaged, setAside: damage?.setAside ?? "", lastAlive: damage?.lastAlive,
            alivePeriod: 0, through: start, records: 0, readings: 0, dropped: 0)
    }

    // MARK: After damage

    private func salvage(
        _ path: String, _ delivered: DeliveredMark.Reached?, into connection: JournalConnection
    ) throws -> Salvage.Outcome? {
        guard var salvage = Salvage(from: path, delivered: delivered, into: connection) else { return nil }
        let outcome = try salvage.run()
        Logger.current.notice(
            "What is sound of the damaged journal was taken over",
            metadata: [
                "path": "\(path)", "journal.records": "\(outcome.records)",
                "journal.readings": "\(outcome.readings)", "journal.lost": "\(outcome.lost)",
            ])
        return outcome
    }

    /// Without anything salvaged, what was not delivered to every destination is lost.
    private func damageToDeclare(
        _ damage: (setAside: String, lastAlive: Timestamp?)?, _ salvaged: Salvage.Outcome?
    ) throws -> (setAside: String, lastAlive: Timestamp?)? {
        guard var damage, salvaged?.newest == nil, let delivered = try DeliveredMark.read(folder.delivered) else {
            return damage
        }
        damage.lastAlive = min(damage.lastAlive ?? delivered.time, delivered.time)
        return damage
    }

    /// What came after the last record that was taken over is lost. The memories that were are brought up to date with
    /// all of the records.
    private func takeOver(_ salvaged: Salvage.Outcome, _ state: inout StateRow) {
        if let newest = salvaged.newest { (state.lastAlive, state.alivePeriod) = newest }
        state.through = .start
    }

    /// A journal that has never delivered anything owes all since it was made.
    private func deliveredMark() throws -> DeliveredMark {
        let isNew = try DeliveredMark.read(folder.delivered) == nil
        let mark = try DeliveredMark(folder.delivered)
        if isNew { try mark.write(DeliveredMark.Reached(position: .start, time: surroundings.clock.wall)) }
        return mark
    }

    /// How much time surely went by since the journal was made: up to now within one boot, else up to the last life
    /// sign.
    private func age(_ db: Database, _ state: StateRow, _ newest: ClockPeriod?) throws -> Duration {
        guard let newest else { return .zero }
        if newest.boot == surroundings.bootID {
            return .nanoseconds(newest.aged) + surroundings.uptime() - .nanoseconds(newest.began)
        }
        guard let lastAlive = state.lastAlive, state.alivePeriod == newest.number else {
            return .nanoseconds(newest.aged)
        }
        let sinceBoot = Duration.nanoseconds(lastAlive.nanoseconds) - .nanoseconds(newest.offset)
        return .nanoseconds(newest.aged) + max(.zero, sinceBoot - .nanoseconds(newest.began))
    }

    private func history(_ state: StateRow, _ identity: Identity, _ times: PastTimes) -> JournalHistory {
        let lastEnd: JournalHistory.LastEnd =
            switch state.end {
            case .first: .first
            case .stopped: .stopped
            case .running: .crashed
            case .damaged: .damaged(setAside: state.setAside)
            }
        return JournalHistory(
            lastEnd: lastEnd, lastAlive: state.lastAlive.flatMap { times.onAgentTime($0, in: state.alivePeriod) },
            lastAliveOnWall: state.lastAlive.flatMap { times.onTheWall($0, in: state.alivePeriod) },
            epoch: state.epoch, agentURN: identity.agent?.urn ?? "")
    }

    /// In both places, the file first: a number that was given must not be forgotten.
    private func save(_ identity: Identity, _ state: StateRow, in connection: JournalConnection) throws {
        try IdentityFile(path: folder.identity).repair(to: identity)
        try connection.transaction(durably: true) { db in
            try state.save(db)
            for entry in identity.entries {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO identity VALUES (?, ?)", arguments: [entry.key, try entry.line])
            }
        }
    }

    private func storedCursors(_ db: Database) throws -> [Identifier: JournalPosition] {
        var cursors: [Identifier: JournalPosition] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT id, position FROM destinations") {
            guard let id = Identifier(row["id"]) else { continue }
            cursors[id] = JournalPosition(rawValue: row["position"])
        }
        return cursors
    }

    /// Version 2 of the file did not keep it, so there it is counted.
    private func storedDone(
        _ db: Database, _ cursors: [Identifier: JournalPosition]
    ) throws -> [Identifier: Int] {
        var done: [Identifier: Int] = [:]
        for (id, cursor) in cursors {
            done[id] =
                try Int.fetchOne(db, sql: "SELECT done FROM destinations WHERE id = ?", arguments: [id.description])
                ?? Int.fetchOne(
                    db, sql: "SELECT coalesce(sum(readings), 0) FROM records WHERE position <= ?",
                    arguments: [cursor.rawValue])
        }
        return done
    }

    private func checkWhole(_ db: Database) throws {
        let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw JournalFailure.corrupt(folder.database, verdict) }
        let rows = try Row.fetchCursor(db, sql: "SELECT position, payload, period FROM records")
        while let row = try rows.next() {
            let position: Int64 = row[0]
            let seal = ClockPeriod.seal(position, in: row[2])
            let isSound = try row.withUnsafeData(atIndex: 1) { data in
                data?.withUnsafeBytes { RecordDecoder.isSound($0, position: seal) } ?? false
            }
            guard isSound else {
                throw JournalFailure.corrupt(folder.database, "record \(position) does not fit its checksum")
            }
        }
    }

    private mutating func makeURN() -> String { uuidURN(using: &surroundings.randomness) }
}

/// `urn:uuid:` and a random UUID (version 4, RFC 9562 section 5.4) in lower case.
func uuidURN(using randomness: inout some RandomNumberGenerator) -> String {
    let high = (randomness.next() as UInt64) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = (randomness.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    let digits = [high, low].map { word in
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }.joined()
    var urn = "urn:uuid:"
    for (index, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(index) { urn += "-" }
        urn.append(digit)
    }
    return urn
}
