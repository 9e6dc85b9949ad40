internal import KoppelCore

/// How far every destination has everything, in a file of its own beside the database: where that is damaged, what was
/// still to be delivered is declared missing from here on. An older mark only declares more.
struct DeliveredMark: Sendable {
    struct Reached: Equatable {
        var position: JournalPosition
        /// Of its newest reading, on the wall clock.
        var time: Timestamp
    }

    private let file: MarkFile

    init(_ path: String) throws(JournalError) { file = try MarkFile(path) }

    func write(_ reached: Reached) throws(JournalError) {
        try file.write([reached.position.rawValue, reached.time.nanoseconds])
    }

    /// `nil` if there is no mark, or none that can be believed.
    static func read(_ path: String) throws(JournalError) -> Reached? {
        try MarkFile.read(path, count: 2).map {
            Reached(position: JournalPosition(rawValue: $0[0]), time: Timestamp(nanoseconds: $0[1]))
        }
    }
}
