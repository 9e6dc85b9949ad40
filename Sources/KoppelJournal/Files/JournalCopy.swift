internal import FoundationEssentials
internal import KoppelCore

/// A copy of a journal in a folder of its own, for when the journal itself cannot be read where it is: another program
/// keeps it locked, or its volume is read-only (S07). It goes away with this object.
final class JournalCopy: Sendable {
    let database: String
    private let folder: String

    /// - Throws: `.other` if the copy cannot be made, or the journal was written all the while.
    init(of original: String) throws(JournalError) {
        folder = FileManager.default.temporaryDirectory.path + "/koppel-journal-\(UUID().uuidString)"
        database = folder + "/journal.db"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for _ in 0..<5 {
                let before = Self.state(of: original)
                for suffix in ["", "-wal"] where DataFile.exists(original + suffix) {
                    if DataFile.exists(database + suffix) {
                        try FileManager.default.removeItem(atPath: database + suffix)
                    }
                    try FileManager.default.copyItem(atPath: original + suffix, toPath: database + suffix)
                }
                if Self.state(of: original) == before { return }
            }
        } catch {
            throw JournalError(
                kind: .other, path: original,
                description: "\(original): cannot be read where it is, and a copy in \(folder) could not be made: "
                    + "\(error). Set TMPDIR to a folder with room for the journal.")
        }
        throw JournalError(
            kind: .other, path: original,
            description: "\(original): is being written all the time, so that no copy could be made. Try again.")
    }

    deinit {
        // What stays is in the folder for temporary files.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Sizes and dates: they change when somebody writes.
    private static func state(of original: String) -> [Int64] {
        ["", "-wal"].flatMap { suffix in
            [
                Int64(DataFile.size(original + suffix) ?? -1),
                DataFile.modified(original + suffix)?.nanoseconds ?? 0,
            ]
        }
    }
}
