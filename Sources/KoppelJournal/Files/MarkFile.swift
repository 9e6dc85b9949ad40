internal import Glibc
internal import KoppelCore

/// A small file that holds a few numbers and their checksum in one line, written in place and often.
///
/// It is not synced unless asked: whatever ends the process leaves it in the kernel's hands, and after a power cut it
/// may be older.
final class MarkFile: Sendable {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws(JournalError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataFile.failure(path, "open") }
    }

    deinit { close(descriptor) }

    func write(_ numbers: [Int64]) throws(JournalError) {
        let line = Array(Self.line(numbers).utf8)
        guard pwrite(descriptor, line, line.count, 0) == line.count else { throw DataFile.failure(path, "write") }
    }

    /// Makes the numbers survive a power cut.
    func sync() throws(JournalError) {
        guard fsync(descriptor) == 0 else { throw DataFile.failure(path, "fsync") }
    }

    /// `nil` if there is no file, or no line of so many numbers that can be believed.
    static func read(_ path: String, count: Int) throws(JournalError) -> [Int64]? {
        guard let text = try DataFile.read(path) else { return nil }
        let numbers = text.split(separator: " ").prefix(count).compactMap { Int64($0) }
        return numbers.count == count && text == line(numbers) ? numbers : nil
    }

    /// Always of the same length: each number in 20 digits, and the checksum. Negative numbers become 0.
    private static func line(_ numbers: [Int64]) -> String {
        let text = numbers.map { number in
            let digits = String(max(0, number))
            return String(repeating: "0", count: 20 - digits.utf8.count) + digits
        }.joined(separator: " ")
        return "\(text) \(checksumText(text))\n"
    }
}

/// The XXH64 of a text as 16 hexadecimal digits.
func checksumText(_ text: String) -> String {
    var text = text
    let hash = text.withUTF8 { xxHash64(UnsafeRawBufferPointer($0), seed: 0) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
