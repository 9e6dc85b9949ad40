internal import GRDB
internal import KoppelCore

extension JournalWriter {
    /// Records taken at once, so that a stored sweep never waits long behind it.
    private static let sliceRecords = 1_024
    /// Payload bytes taken at once.
    private static let sliceBytes = 4 << 20

    /// Everything there is to do, in slices: what wants to be stored comes in between.
    func prune() async throws(JournalError) {
        while try deleteDelivered() { await Task.yield() }
        while try dropTooOld() { await Task.yield() }
        try transaction(durably: false) { try ClockPeriod.prune($0) }
        bytesSinceCheck = .max / 2
        while try !enforceLimits(slices: 1) { await Task.yield() }
    }

    /// Looks at the limits and drops what is over them.
    ///
    /// - Returns: True if there is nothing left to do.
    @discardableResult
    func enforceLimits(slices: Int) throws(JournalError) -> Bool {
        let logBytes = DataFile.size(folder.database + "-wal") ?? 0
        guard logBytes <= limits.stuckLogBytes else { throw stuckLog(logBytes) }
        for _ in 0..<slices {
            let use = try inspect { try PageUse($0) }
            let missing = try missingPages(use)
            guard missing > 0 else {
                bytesSinceCheck = 0
                return true
            }
            if try !deleteDelivered(), try !dropOldest(pages: missing) {
                bytesSinceCheck = 0
                return true
            }
        }
        return false
    }

    /// When SQLite has refused to store: drops until a number of pages is free.
    ///
    /// - Returns: False if nothing is left that could be dropped.
    func makeRoom(pages: Int) throws(JournalError) -> Bool {
        while true {
            let use = try inspect { try PageUse($0) }
            let missing = max(pages - use.free, try missingPages(use))
            guard missing > 0 else { return true }
            if try !deleteDelivered(), try !dropOldest(pages: missing) { return false }
        }
    }

    /// How many pages have to become free. Below the free-space floor the file may not grow at all.
    private func missingPages(_ use: PageUse) throws(JournalError) -> Int {
        let isBelowFloor = surroundings.freeBytes(folder.path).map { $0 < limits.freeSpaceFloor } ?? false
        let cap = isBelowFloor ? min(use.count, limits.pages) : limits.pages
        try capPages(max(cap, 1))
        let high = isBelowFloor ? cap - min(limits.chunkPages, cap / 20 + 4) : limits.highPages
        // Once at it, a chunk more than necessary, so that it is not necessary again at once.
        return use.used > high ? use.used - high + (isBelowFloor ? 0 : limits.chunkPages) : 0
    }

    private func stuckLog(_ bytes: Int) -> JournalError {
        JournalError(
            kind: .full, path: folder.database,
            description: "\(folder.database)-wal: grew to \(bytes >> 20) MiB, since another program keeps reading the "
                + "journal. End that program (see 'fuser \(folder.database)'); 'koppel journal export' makes copies.")
    }

    // MARK: Delivered

    /// - Returns: True if there may be more.
    private func deleteDelivered() throws(JournalError) -> Bool {
        guard let delivered = board.cursors.values.min() else { return false }
        let found = try inspect { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*), sum(readings), max(position) FROM (
                        SELECT position, readings FROM records WHERE position <= ? ORDER BY position LIMIT ?)
                    """, arguments: [delivered.rawValue, Self.sliceRecords])
        }
        guard let found, let records = found[0] as Int?, records > 0 else { return false }
        let readings: Int = found[1]
        let last = JournalPosition(rawValue: found[2])
        var totals = board.totals
        totals.records -= records
        totals.readings -= readings
        try change(totals) { db in
            try db.execute(sql: "DELETE FROM records WHERE position <= ?", arguments: [last.rawValue])
            try db.execute(sql: "UPDATE destinations SET done = done - ?", arguments: [readings])
        }
        board.forget(through: last)
        board.forgetReadings(readings) { _ in true }
        return records == Self.sliceRecords
    }

    // MARK: Undelivered

    /// Age is time that surely went by, and no date: a wall clock that jumps ten years ahead makes nothing older (D07).
    private func dropTooOld() throws(JournalError) -> Bool {
        let oldest = age - limits.keep
        return oldest > .zero ? try dropOldest(pages: .max, storedBefore: oldest) : false
    }

    /// Drops a slice of the oldest undelivered records and declares it in their place.
    ///
    /// A slice never reaches over a cursor, so that no destination gets a declaration of what it has.
    /// - Returns: False if nothing is left that could be dropped.
    private func dropOldest(pages: Int, storedBefore age: Duration? = nil) throws(JournalError) -> Bool {
        let cursors = Set(board.cursors.values).sorted()
        var after = cursors.first ?? .start
        for boundary in cursors.dropFirst() + [JournalPosition(rawValue: .max)] {
            if let last = try sliceEnd(after: after, through: boundary, pages: pages, storedBefore: age) {
                try drop(after: after, through: last)
                return true
            }
            after = boundary
        }
        return false
    }

    /// The last record to drop; `nil` if dropping would gain nothing, since all that is left are declarations.
    private func sliceEnd(
        after: JournalPosition, through boundary: JournalPosition, pages: Int, storedBefore age: Duration?
    ) throws(JournalError) -> JournalPosition? {
        let wanted = min(Self.sliceBytes / JournalConnection.pageSize, pages) * JournalConnection.pageSize
        return try inspect { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT position, machine, coalesce(aged + (last_time - wall_offset) - began, 0), length(payload)
                    FROM records LEFT JOIN periods ON number = period
                    WHERE position > ? AND position <= ? ORDER BY position
                    """, arguments: [after.rawValue, boundary.rawValue])
            var machines: Set<Int> = []
            var (records, bytes) = (0, 0)
            var last: Int64?
            while let row = try rows.next() {
                if let age, row[2] >= age.wholeNanoseconds { break }
                machines.insert(row[1])
                records += 1
                bytes += row[3]
                last = row[0]
                if records >= max(Self.sliceRecords, 4 * machines.count) { break }
                if bytes >= max(wanted, JournalConnection.pageSize), records >= 2 * machines.count { break }
            }
            return records > machines.count ? last.map { JournalPosition(rawValue: $0) } : nil
        }
    }

    private func drop(after: JournalPosition, through last: JournalPosition) throws(JournalError) {
        let path = folder.database
        var totals = board.totals
        let declarations = try inspect { db in
            let periods = try ClockPeriod.all(db)
            var declarations: [MachineNumber: OverflowDeclaration] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT position, machine, payload, period FROM records WHERE position > ? AND position <= ?
                    ORDER BY position
                    """, arguments: [after.rawValue, last.rawValue])
            while let row = try rows.next() {
                let stored = try StoredRecord(row: row, at: path)
                totals.records -= 1
                totals.readings -= stored.record.readings.count
                declarations[stored.record.machine, default: OverflowDeclaration(machineOf: stored)].add(
                    stored, in: periods[row[3]] ?? .beforePeriods)
            }
            return declarations.values.map { $0 }
        }
        let replacements = declarations.map { ($0.last, $0.period.number, $0.replacement) }
        for (_, _, record) in replacements {
            totals.records += 1
            totals.readings += record.readings.count
        }
        totals.dropped += declarations.reduce(0) { $0 + $1.newlyDropped }
        let fewer = board.totals.readings - totals.readings
        try change(totals) { db in
            try db.execute(
                sql: "DELETE FROM records WHERE position > ? AND position <= ?",
                arguments: [after.rawValue, last.rawValue])
            for (place, period, record) in replacements {
                try insert(record, epoch: place.epoch, at: place.position.rawValue, in: period, db)
            }
            try db.execute(
                sql: "UPDATE destinations SET done = done - ? WHERE position >= ?", arguments: [fewer, last.rawValue])
        }
        board.forget(through: last)
        board.forgetReadings(fewer) { $0 >= last }
    }

    /// Changes records that are older than the snapshot, which is therefore made first.
    private func change(_ totals: JournalBoard.Totals, _ body: (Database) throws -> Void) throws(JournalError) {
        var next = snapshotState(upTo: board.end)
        next.records = totals.records
        next.readings = totals.readings
        next.dropped = totals.dropped
        try transaction(durably: isDurable) { db in
            // Deleting comes first: in a full file the rest takes the pages that become free.
            try body(db)
            try saveMemories(db)
            try next.save(db)
        }
        memoriesWereSaved(as: next)
        board.setTotals(totals)
    }
}

/// The pages of the database file.
struct PageUse {
    /// All of them, which is the length of the file.
    var count: Int
    /// Those that are used again before the file grows.
    var free: Int

    var used: Int { count - free }

    init(_ db: Database) throws {
        count = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    }
}
