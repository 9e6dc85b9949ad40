internal import Foundation

/// What the kernel counts of this process's writing.
enum WrittenBytes {
    /// Bytes that went, or will go, to disks (proc(5), `write_bytes`); `nil` where the kernel does not count.
    static func ofThisProcess() -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/io", encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("write_bytes:") {
            return UInt64(line.split(separator: " ").last ?? "")
        }
        return nil
    }
}
