internal import FoundationEssentials
internal import GRDB
internal import KoppelCore

/// Takes over what is sound in a journal that was set aside (field rule P61): its records under their own numbers, the
/// cursors, what is remembered of signals and machines.
///
/// A record counts as sound if its checksum says so. Where some are missing between two that are sound, the numbers of
/// the signals tell how many readings that cost, and a gap with that count goes with the next reading. What was lost at
/// the end has left no number: it is declared when the next run begins. A page of the file that cannot be read is
/// stepped over. Bounds: it gives up after a minute or 1,000 unreadable places, and what is left then counts as lost.
struct Salvage: ~Copyable {
    private static let longest = Duration.seconds(60)
    private static let mostFaults = 1_000
    private static let slice = 256

    struct Outcome {
        var records = 0
        var readings = 0
        /// Nobody knows what the destinations have, so they get it all again.
        var cursorsAreLost = false
        /// Readings that are declared in gaps.
        var lost: UInt64 = 0
        /// The newest record that was taken over, and the clock period of its time.
        var newest: (time: Timestamp, period: Int64)?
    }

    private struct SignalKey: Hashable {
        var machine: Int
        var signal: SignalNumber
    }

    private struct Last {
        var epoch: UInt32
        var seq: UInt64
        var time: Timestamp
    }

    private struct SavedRow {
        var position: Int64
        var machine: Int
        var first: Int64
        var last: Int64
        var readings: Int
        var payload: Data
        var period: Int64
    }

    private let source: DatabaseQueue
    private let delivered: DeliveredMark.Reached?
    private let target: JournalConnection
    private var encoder = RecordEncoder()
    private var newest: [SignalKey: Last] = [:]
    /// Records missing right after what every destination has: how many readings they held, nobody can say, but each
    /// held one of a signal at most.
    private var missingFirst: UInt64 = 0
    private var outcome = Outcome()

    /// `nil` if the file cannot be opened as a database of this version.
    init?(from path: String, delivered: DeliveredMark.Reached?, into target: JournalConnection) {
        // What cannot be read has nothing to give.
        guard let source = try? DatabaseQueue(readingJournal: path, label: "journal salvage"),
            let version = try? source.inDatabase({ try Int.fetchOne($0, sql: "PRAGMA user_version") }),
            version == Schema.version
        else { return nil }
        self.source = source
        self.delivered = delivered
        self.target = target
    }

    /// - Throws: Only what the new journal says; what the old one says ends the salvage there.
    mutating func run() throws -> Outcome {
        let cursor = try copySmallTables() ?? delivered?.position.rawValue
        let end = ContinuousClock.now + Self.longest
        var position: Int64 = 0
        var faults = 0
        while .now < end, faults < Self.mostFaults {
            let rows: [SavedRow]
            do {
                rows = try read(after: position)
            } catch {
                // The rows of a page go together, so the step doubles until it is over the bad one.
                faults += 1
                position += Int64(1) << min(20, faults / 4)
                continue
            }
            guard let last = rows.last else { break }
            try store(rows, after: cursor)
            position = last.position
        }
        return outcome
    }

    /// Dropped records leave places empty, too, and then the first that is left says so itself.
    private mutating func noteBegin(_ first: SweepRecord, at position: Int64, after cursor: Int64?) {
        guard let cursor, position > cursor + 1, !first.readings.contains(where: { $0.condition == .dataLost }) else {
            return
        }
        missingFirst = UInt64(position - cursor - 1)
    }

    // MARK: Reading

    /// `nil` if the row is not what was stored.
    private func decode(_ row: SavedRow) -> (epoch: UInt32, record: SweepRecord)? {
        let seal = ClockPeriod.seal(row.position, in: row.period)
        return row.payload.withUnsafeBytes { bytes in
            try? RecordDecoder.decode(bytes, machine: MachineNumber(rawValue: row.machine), position: seal)
        }
    }

    private func read(after position: Int64) throws -> [SavedRow] {
        try source.inDatabase { db in
            var rows: [SavedRow] = []
            let found = try Row.fetchCursor(
                db,
                sql: """
                    SELECT position, machine, first_time, last_time, readings, payload, period FROM records
                    WHERE position > ? ORDER BY position LIMIT ?
                    """, arguments: [position, Self.slice])
            do {
                while let row = try found.next() {
                    rows.append(
                        SavedRow(
                            position: row[0], machine: row[1], first: row[2], last: row[3], readings: row[4],
                            payload: row[5], period: row[6]))
                }
            } catch {
                // What came before the bad page is good.
                guard !rows.isEmpty else { throw error }
            }
            return rows
        }
    }

    // MARK: Storing

    private mutating func store(_ rows: [SavedRow], after cursor: Int64?) throws {
        var sound: [SavedRow] = []
        for var row in rows {
            guard let (epoch, found) = decode(row) else { continue }
            var record = found
            if outcome.records == 0, sound.isEmpty { noteBegin(record, at: row.position, after: cursor) }
            if declareHoles(in: &record, epoch: epoch) {
                encoder.encode(record, epoch: epoch, position: ClockPeriod.seal(row.position, in: row.period))
                row.payload = Data(encoder.bytes)
            }
            row.readings = record.readings.count
            sound.append(row)
        }
        try target.transaction(durably: false) { db in
            let statement = try db.cachedStatement(sql: "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)")
            for row in sound {
                try statement.execute(arguments: [
                    row.position, row.machine, row.first, row.last, row.readings, row.payload, row.period,
                ])
            }
        }
        for row in sound {
            outcome.records += 1
            outcome.readings += row.readings
            outcome.newest = (Timestamp(nanoseconds: row.last), row.period)
        }
    }

    /// Compares the numbers of the signals with those before.
    ///
    /// - Returns: True if the record tells of missing ones now.
    private mutating func declareHoles(in record: inout SweepRecord, epoch: UInt32) -> Bool {
        var gaps: [Gap] = []
        let explained = record.gaps
        for reading in record.readings {
            let key = SignalKey(machine: record.machine.rawValue, signal: reading.signal)
            defer { newest[key] = Last(epoch: epoch, seq: reading.seq, time: reading.time) }
            let declared = explained.filter { $0.signal == reading.signal && $0.reason != .slotMissed }
                .reduce(0) { $0 + $1.lost }
            if let last = newest[key] {
                guard last.epoch == epoch, reading.seq > last.seq + 1 + declared else { continue }
                gaps.append(gap(reading, from: last.time, lost: reading.seq - last.seq - 1 - declared))
            } else if missingFirst > 0 {
                gaps.append(gap(reading, from: delivered?.time ?? reading.time, lost: missingFirst))
            }
        }
        outcome.lost += gaps.reduce(0) { $0 + $1.lost }
        record.gaps += gaps
        return !gaps.isEmpty
    }

    private func gap(_ reading: Reading, from: Timestamp, lost: UInt64) -> Gap {
        Gap(
            signal: reading.signal, from: min(from, reading.time), to: reading.time, lost: lost,
            reason: .journalDamaged)
    }

    // MARK: Tables of few rows

    /// - Returns: What every destination had got; `nil` if that cannot be read.
    private mutating func copySmallTables() throws -> Int64? {
        let cursors = rows("SELECT id, position FROM destinations")
        let periods = rows("SELECT number, boot, wall_offset, true_offset, began, aged FROM periods")
        let descriptions = rows("SELECT machine, rev, content FROM descriptions")
        let memories = rows("SELECT machine, sequences, newest_values FROM memories").filter(Self.isSoundMemory)
        try target.transaction(durably: false) { db in
            for row in cursors {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO destinations VALUES (?, ?, NULL)", arguments: StatementArguments(row))
            }
            for row in periods {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO periods VALUES (?, ?, ?, ?, ?, ?)", arguments: StatementArguments(row))
            }
            for row in descriptions {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO descriptions VALUES (?, ?, ?)", arguments: StatementArguments(row))
            }
            for row in memories {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO memories VALUES (?, ?, ?)", arguments: StatementArguments(row))
            }
        }
        outcome.cursorsAreLost = cursors.isEmpty
        return cursors.compactMap { Int64.fromDatabaseValue($0[1]) }.min()
    }

    private static func isSoundMemory(_ row: [DatabaseValue]) -> Bool {
        guard let machine = Int.fromDatabaseValue(row[0]), let sequences = Data.fromDatabaseValue(row[1]),
            let values = Data.fromDatabaseValue(row[2])
        else { return false }
        return
            (try? SignalMemories(
                machine: MachineNumber(rawValue: machine), epoch: 0, sequences: [UInt8](sequences),
                values: [UInt8](values))) != nil
    }

    /// Nothing, where the table cannot be read.
    private func rows(_ sql: String) -> [[DatabaseValue]] {
        (try? source.inDatabase { db in try Row.fetchAll(db, sql: sql).map { Array($0.databaseValues) } }) ?? []
    }
}
