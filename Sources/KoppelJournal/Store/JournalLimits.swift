internal import KoppelCore

/// The limits of the settings, in the pages SQLite counts in.
///
/// An eighth of the limit, at most 8 MiB, is set apart for the write-ahead log; the rest is for the database file.
/// When 97 % of that is in use, the oldest is dropped, 5 % of the limit at once but at most 4 MiB, so that dropping is
/// rare, storing never waits long behind it, and the transaction that drops has room itself.
struct JournalLimits {
    /// Smaller limits count as this one.
    static let smallest = 256 << 10

    private let bytes: Int
    let keep: Duration
    let freeSpaceFloor: Int

    init(_ settings: JournalSettings) {
        bytes = max(settings.limit, Self.smallest)
        keep = settings.keep
        freeSpaceFloor = settings.freeSpaceFloor
    }

    /// The log is cut back to twice this after a longer one; a commit can exceed it by its own length.
    var logPages: Int { min(bytes / 8, 8 << 20) / 2 / JournalConnection.pageSize }

    /// What the database file may have.
    var pages: Int { (bytes - min(bytes / 8, 8 << 20)) / JournalConnection.pageSize }

    /// What is dropped at once, at least.
    var chunkPages: Int { max(bytes / 20 / JournalConnection.pageSize, 4) }

    /// Pages in use from which on the oldest is dropped.
    var highPages: Int { pages - max(pages * 3 / 100, 6) }

    /// A log this long is not being emptied, because another program reads the journal in one long transaction.
    var stuckLogBytes: Int { max(bytes / 4, 64 << 20) }

    /// Payload bytes after which the use of pages is looked at again.
    var checkEvery: Int { min(bytes / 128, 1 << 20) }
}
