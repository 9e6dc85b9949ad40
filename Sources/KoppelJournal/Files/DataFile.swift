internal import Glibc
internal import KoppelCore

/// Small files of the data folder: read whole, replaced whole or extended, and durable before the call returns.
enum DataFile {
    /// The whole text of a file; `nil` if there is none. Invalid UTF-8 is repaired, so that checksums judge it.
    static func read(_ path: String) throws(JournalError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path, "open")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let length = Glibc.read(descriptor, &chunk, chunk.count)
            guard length >= 0 else { throw failure(path, "read") }
            if length == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<length]
        }
    }

    /// Puts a new file in place of the old one; after a power cut there is the one or the other.
    static func replace(_ path: String, with text: String) throws(JournalError) {
        let temporary = path + ".new"
        try write(text, to: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
        guard rename(temporary, path) == 0 else { throw failure(path, "rename") }
        try syncFolder(of: path)
    }

    /// Adds text at the end and waits until the disk has it.
    static func append(_ text: String, to path: String) throws(JournalError) {
        try write(text, to: path, flags: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
    }

    static func exists(_ path: String) -> Bool { size(path) != nil }

    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// When a file was last written; `nil` if there is none.
    static func modified(_ path: String) -> Timestamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Timestamp(nanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }

    /// Makes renames and new names in the file's folder survive a power cut.
    static func syncFolder(of path: String) throws(JournalError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder, "open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder, "fsync") }
    }

    static func failure(_ path: String, _ call: String) -> JournalError {
        let code = errno
        let said = "\(call): \(String(cString: strerror(code)))"
        let kind: JournalError.Kind =
            switch code {
            case ENOSPC, EDQUOT: .full
            case EROFS: .readOnly
            case EACCES, EPERM, ENOENT, ENOTDIR: .folder
            default: .other
            }
        return JournalError(
            kind: kind, path: path,
            description: "\(path): \(said). Check that the volume has room and that Koppel's user owns the folder.")
    }

    private static func write(_ text: String, to path: String, flags: Int32) throws(JournalError) {
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure(path, "open") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let length = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard length > 0 else { throw failure(path, "write") }
            written += length
        }
        guard fsync(descriptor) == 0 else { throw failure(path, "fsync") }
    }
}
