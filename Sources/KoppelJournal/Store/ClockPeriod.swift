internal import GRDB
internal import KoppelCore

/// A stretch of one boot in which the wall clock was not set and its trust did not change. All times stored in it can
/// be put right with one number (field rule P53).
///
/// A period that begins on a trusted clock knows its true offset at once. One that begins without gets it, once and
/// for good, with the first record of the same boot that was made on a trusted clock, in the transaction that stores
/// that record: after a crash the two are there together, or neither.
struct ClockPeriod: Equatable {
    /// From 1, rising. 0 is the period of records from before there were periods.
    var number: Int64
    /// The kernel's boot id.
    var boot: String
    /// What the wall clock showed less the time since boot, in nanoseconds.
    var offset: Int64
    /// What it should have shown; `nil` until a clock of this boot could be trusted.
    var trueOffset: Int64?
    /// The time since boot at its beginning.
    var began: Int64
    /// The journal's age at its beginning: time that surely went by since the journal was made, counted by the clock
    /// since boot alone. What went by while the machine was off is not in it, since only the wall clock could tell.
    var aged: Int64

    /// As many are kept although no record needs them: the newest values of signals may be that old.
    static let kept: Int64 = 1_000

    func takes(_ record: borrowing SweepRecord) -> Bool {
        offset == record.offset.wholeNanoseconds && (trueOffset != nil) == record.isOnTrustedClock
    }

    /// What takes a time on this period's clock to the same moment on the clock of another period; `nil` if nobody
    /// can say.
    func step(to other: ClockPeriod) -> Duration? {
        if boot == other.boot { return .nanoseconds(other.offset) - .nanoseconds(offset) }
        guard let mine = correction, let its = other.correction else { return nil }
        return mine - its
    }

    /// What takes a time on this period's clock to the true time, if that is known.
    var correction: Duration? { trueOffset.map { .nanoseconds($0) - .nanoseconds(offset) } }

    /// What the checksum of a record begins with: neither place nor period can be exchanged unseen.
    static func seal(_ position: Int64, in period: Int64) -> Int64 { position ^ period << 40 }

    // MARK: Database

    init(number: Int64, boot: String, offset: Int64, trueOffset: Int64?, began: Int64, aged: Int64) {
        self.number = number
        self.boot = boot
        self.offset = offset
        self.trueOffset = trueOffset
        self.began = began
        self.aged = aged
    }

    /// Version 1 of the file took each time for true.
    static let beforePeriods = ClockPeriod(number: 0, boot: "", offset: 0, trueOffset: 0, began: 0, aged: 0)

    init(row: Row) {
        self.init(
            number: row["number"], boot: row["boot"], offset: row["wall_offset"], trueOffset: row["true_offset"],
            began: row["began"], aged: row["aged"])
    }

    static func newest(_ db: Database) throws -> ClockPeriod? {
        try Row.fetchOne(db, sql: "SELECT * FROM periods ORDER BY number DESC LIMIT 1").map { ClockPeriod(row: $0) }
    }

    static func all(_ db: Database) throws -> [Int64: ClockPeriod] {
        let periods = try Row.fetchAll(db, sql: "SELECT * FROM periods").map { ClockPeriod(row: $0) }
        return Dictionary(uniqueKeysWithValues: periods.map { ($0.number, $0) })
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO periods VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [number, boot, offset, trueOffset, began, aged])
        guard let trueOffset else { return }
        try db.execute(
            sql: "UPDATE periods SET true_offset = ? WHERE boot = ? AND true_offset IS NULL",
            arguments: [trueOffset, boot])
    }

    /// Forgets periods that no record needs any more.
    static func prune(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM periods WHERE number <= (SELECT max(number) FROM periods) - ?
                    AND number < coalesce(
                        (SELECT period FROM records ORDER BY position LIMIT 1), (SELECT max(number) FROM periods))
                """, arguments: [kept])
    }
}

extension SweepRecord {
    /// Holdover counts: the clock was not set since it was synchronised.
    var isOnTrustedClock: Bool { clock != .unsynchronised }
}
