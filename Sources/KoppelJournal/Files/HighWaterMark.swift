internal import KoppelCore

/// The highest acknowledged position, in a file of its own beside the database.
///
/// SQLite takes a damaged or missing `-wal` for a shorter one and says nothing (S04). Sequence numbers would then be
/// given twice, and receivers would drop new readings as repeats. A mark ahead of the database shows it. It is written
/// after each commit; an older one only proves less.
struct HighWaterMark: Sendable {
    private let file: MarkFile

    init(_ path: String) throws(JournalError) { file = try MarkFile(path) }

    func write(_ position: JournalPosition) throws(JournalError) { try file.write([position.rawValue]) }

    /// Makes the mark survive a power cut.
    func sync() throws(JournalError) { try file.sync() }

    /// `nil` if there is no mark, or none that can be believed.
    static func read(_ path: String) throws(JournalError) -> JournalPosition? {
        try MarkFile.read(path, count: 1).map { JournalPosition(rawValue: $0[0]) }
    }
}
