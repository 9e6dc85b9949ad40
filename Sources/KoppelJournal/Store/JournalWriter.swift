internal import FoundationEssentials
internal import GRDB
internal import KoppelCore
internal import KoppelExecutor

/// Everything that changes the journal, on a thread of its own.
///
/// What it holds in memory describes what is committed: it is changed after a commit, never before.
actor JournalWriter {
    private nonisolated let thread = ThreadExecutor(name: "journal write")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// At most this much of time without readings is unaccounted for after a crash.
    static let lifeSignEvery = Duration.seconds(5)

    nonisolated let folder: DataFolder
    nonisolated let limits: JournalLimits
    nonisolated let isDurable: Bool
    nonisolated let board: JournalBoard
    nonisolated let queue: AppendQueue
    var surroundings: JournalSurroundings

    private var lock: FolderLock?
    private var connection: JournalConnection?
    private(set) var mark: HighWaterMark?
    private(set) var delivered: DeliveredMark?
    /// Where a destination begins that the journal does not know; `nil` is the end.
    var beginOfUnknown: JournalPosition?
    var identity = Identity()
    var state: StateRow
    var memories: [SignalMemories] = []
    var encoder = RecordEncoder()
    /// Outcomes that their callers have not fetched yet.
    var outcomes: [UInt64: Result<JournalPosition, JournalError>] = [:]
    /// When `lastAlive` was stored, in uptime; `nil` until something is stored.
    var lifeSignAt: Duration?
    var readingsSinceSnapshot = 0
    var bytesSinceCheck = Int.max / 2
    /// The newest clock period of the file, of this boot or an earlier one.
    var period: ClockPeriod?
    /// The journal's age, and the time since boot when it was that.
    private var aged: (age: Duration, uptime: Duration) = (.zero, .zero)
    /// Set once damage was found: nothing works until the journal is opened again.
    private var damage: JournalError?
    private var isClosed = false
    /// For tests: what a commit does after it succeeded.
    private var afterCommit: (@Sendable () throws -> Void)?

    init(
        folder: DataFolder, settings: JournalSettings, surroundings: JournalSurroundings, board: JournalBoard,
        queue: AppendQueue
    ) {
        self.folder = folder
        limits = JournalLimits(settings)
        isDurable = settings.durability == .power
        self.surroundings = surroundings
        self.board = board
        self.queue = queue
        state = StateRow(
            epoch: 0, boot: "", isDurable: false, end: .first, setAside: "", lastAlive: nil, alivePeriod: 0,
            through: .start, records: 0, readings: 0, dropped: 0)
    }

    func open() throws(JournalError) -> JournalHistory {
        var opening = JournalOpening(
            folder: folder, limits: limits, isDurable: isDurable, surroundings: surroundings)
        let opened = try opening.run()
        surroundings = opening.surroundings
        lock = opened.lock
        connection = opened.connection
        mark = opened.mark
        delivered = opened.delivered
        beginOfUnknown = opened.beginOfUnknown
        identity = opened.identity
        state = opened.state
        memories = opened.memories
        period = opened.period
        aged = (opened.age, surroundings.uptime())
        board.begin(at: opened.end, totals: opened.totals, cursors: opened.cursors, done: opened.done)
        return opened.history
    }

    /// A life sign, the memories and the word "stopped"; then nothing more.
    ///
    /// Files and lock are let go of whatever happens. A run that stored nothing says nothing, so that what is still to
    /// be declared of the run before is not lost.
    func close() throws(JournalError) {
        guard !isClosed else { return }
        defer { abandon() }
        if lifeSignAt != nil {
            var next = snapshotState(upTo: board.end)
            next.end = .stopped
            giveLifeSign(&next, in: period)
            try transaction(durably: true) { db in
                try saveMemories(db)
                try next.save(db)
            }
        }
        try mark?.sync()
        do {
            try connection?.close()
        } catch {
            throw JournalFailure.error(error, at: folder.database)
        }
    }

    /// Lets go of files and lock without a word, as the end of the process would.
    func abandon() {
        isClosed = true
        connection = nil
        lock = nil
        board.close()
    }

    func setAfterCommit(_ action: (@Sendable () throws -> Void)?) { afterCommit = action }

    // MARK: Time

    /// Time that surely went by since the journal was made; whatever the wall clock does, it goes on evenly (D07).
    var age: Duration { aged.age + surroundings.uptime() - aged.uptime }

    /// The clock period of a record: the newest, or a new one.
    func period(of record: SweepRecord, after newest: ClockPeriod?) -> ClockPeriod {
        if let newest, newest.boot == surroundings.bootID, newest.takes(record) { return newest }
        let offset = record.offset.wholeNanoseconds
        return ClockPeriod(
            number: (newest?.number ?? 0) + 1, boot: surroundings.bootID, offset: offset,
            trueOffset: record.isOnTrustedClock ? offset : nil, began: surroundings.uptime().wholeNanoseconds,
            aged: age.wholeNanoseconds)
    }

    /// Notes that the journal is in use now, on the clock of a period of this boot.
    func giveLifeSign(_ state: inout StateRow, in period: ClockPeriod?) {
        guard let period else { return }
        state.lastAlive = Timestamp(nanoseconds: period.offset).advanced(by: surroundings.uptime())
        state.alivePeriod = period.number
    }

    // MARK: Transactions

    func transaction<Result>(
        durably: Bool, _ body: (Database) throws -> Result
    ) throws(JournalError) -> Result {
        let connection = try openConnection()
        do {
            let result = try connection.transaction(durably: durably, body)
            try afterCommit?()
            return result
        } catch {
            throw failed(error)
        }
    }

    func inspect<Result>(_ body: (Database) throws -> Result) throws(JournalError) -> Result {
        let connection = try openConnection()
        do { return try connection.read(body) } catch { throw failed(error) }
    }

    func capPages(_ pages: Int) throws(JournalError) {
        let connection = try openConnection()
        do { try connection.capPages(pages) } catch { throw failed(error) }
    }

    private func failed(_ error: any Error) -> JournalError {
        let failure = JournalFailure.error(error, at: folder.database)
        if failure.kind == .corrupt {
            damage = failure
            folder.markSuspect(failure.description)
            connection = nil
        } else if (error as? DatabaseError)?.resultCode == .SQLITE_IOERR {
            // After a failed sync the kernel takes the pages for clean: what this connection believes is worth nothing.
            connection = nil
        }
        return failure
    }

    /// Makes sure that what is in memory is what is in the file, before something is made of it.
    func prepare() throws(JournalError) { _ = try openConnection() }

    /// Opens the connection again after an I/O error, and takes out what was never acknowledged.
    private func openConnection() throws(JournalError) -> JournalConnection {
        if let damage { throw damage }
        guard !isClosed else {
            throw JournalError(kind: .other, path: folder.database, description: "the journal is closed")
        }
        if let connection { return connection }
        do {
            let fresh = try JournalConnection(path: folder.database, logPages: limits.logPages)
            try fresh.transaction(durably: true) { db in
                try db.execute(
                    sql: "DELETE FROM records WHERE position > ?", arguments: [board.end.rawValue])
                for (id, position) in board.cursors {
                    try db.execute(
                        sql: """
                            INSERT OR REPLACE INTO destinations
                            SELECT ?1, ?2, coalesce(sum(readings), 0) FROM records WHERE position <= ?2
                            """, arguments: [id.description, position.rawValue])
                }
            }
            let found = try fresh.read {
                try Int64.fetchOne($0, sql: "SELECT MAX(position) FROM records")
            }
            guard board.totals.records == 0 || found == board.end.rawValue else {
                throw JournalFailure.corrupt(
                    folder.database, "it ends at record \(found ?? 0) and should reach \(board.end.rawValue)")
            }
            try recount(fresh)
            // What the failed commit knew of the clock is true, although its records are not there.
            period = try fresh.read { try ClockPeriod.newest($0) }
            board.forget(through: board.end)
            connection = fresh
            bytesSinceCheck = .max / 2
            return fresh
        } catch {
            throw failed(error)
        }
    }

    /// What failed may be in the file all the same, a dropped range as well as a record. So the sums are made anew.
    private func recount(_ connection: JournalConnection) throws {
        let (totals, done) = try connection.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT count(*), coalesce(sum(readings), 0) FROM records")
            var totals = board.totals
            (totals.records, totals.readings) = (row?[0] ?? 0, row?[1] ?? 0)
            totals.dropped = max(totals.dropped, try StateRow.fetch(db)?.dropped ?? 0)
            var done: [Identifier: Int] = [:]
            for id in board.cursors.keys {
                done[id] = try Int.fetchOne(
                    db, sql: "SELECT done FROM destinations WHERE id = ?", arguments: [id.description])
            }
            return (totals, done)
        }
        board.setTotals(totals)
        board.setCursors(board.cursors, done: done)
    }

    // MARK: Memory of signals

    /// What the state row becomes when the memories are stored with it.
    func snapshotState(upTo end: JournalPosition) -> StateRow {
        var next = state
        next.through = end
        next.records = board.totals.records
        next.readings = board.totals.readings
        next.dropped = board.totals.dropped
        return next
    }

    func saveMemories(_ db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT OR REPLACE INTO memories VALUES (?, ?, ?)")
        for (number, memory) in memories.enumerated() where memory.isDirty {
            try memory.withSnapshot(
                of: MachineNumber(rawValue: number), epoch: state.epoch, using: &encoder
            ) { sequences, values in
                try statement.execute(arguments: [number, Data(sequences), Data(values)])
            }
        }
    }

    /// After the transaction with ``saveMemories(_:)`` was committed.
    func memoriesWereSaved(as next: StateRow) {
        state = next
        readingsSinceSnapshot = 0
        for index in memories.indices { memories[index].isDirty = false }
    }
}
