internal import Glibc
internal import KoppelCore

/// The highest acknowledged position, in a file of its own beside the database.
///
/// SQLite takes a damaged or missing `-wal` for a shorter one and says nothing (S04). Sequence numbers would then be
/// given twice, and receivers would drop new readings as repeats. A mark ahead of the database shows it.
///
/// It is written after each commit and not synced: whatever ends the process leaves it in the kernel's hands, and
/// after a power cut an older mark only proves less.
final class HighWaterMark: Sendable {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws(JournalError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataFile.failure(path, "open") }
    }

    deinit { close(descriptor) }

    func write(_ position: JournalPosition) throws(JournalError) {
        let line = Array(Self.line(position).utf8)
        guard pwrite(descriptor, line, line.count, 0) == line.count else { throw DataFile.failure(path, "write") }
    }

    /// Makes the mark survive a power cut.
    func sync() throws(JournalError) {
        guard fsync(descriptor) == 0 else { throw DataFile.failure(path, "fsync") }
    }

    /// `nil` if there is no mark, or none that can be believed.
    static func read(_ path: String) throws(JournalError) -> JournalPosition? {
        guard let text = try DataFile.read(path), let number = Int64(text.prefix(20)) else { return nil }
        let position = JournalPosition(rawValue: number)
        return text == line(position) ? position : nil
    }

    /// Always of the same length: the position in 20 digits, and its checksum.
    private static func line(_ position: JournalPosition) -> String {
        let digits = String(position.rawValue)
        let padded = String(repeating: "0", count: 20 - digits.utf8.count) + digits
        return "\(padded) \(checksumText(padded))\n"
    }
}

/// The XXH64 of a text as 16 hexadecimal digits.
func checksumText(_ text: String) -> String {
    var text = text
    let hash = text.withUTF8 { xxHash64(UnsafeRawBufferPointer($0), seed: 0) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
