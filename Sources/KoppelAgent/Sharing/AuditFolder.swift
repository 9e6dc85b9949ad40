internal import Foundation

/// The files of the audit log, in the folder `audit` of the data folder: `audit.jsonl` is written, and at 16 MiB becomes
/// `audit-N.jsonl` with the number of its last record. At most 32 files are kept, 512 MiB: the oldest goes first.
struct AuditFolder: Sendable {
    static let current = "audit.jsonl"

    let path: String

    init(dataFolder: String) { path = dataFolder + "/audit" }

    /// The paths of the finished files, oldest first.
    func finished() throws -> [String] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasPrefix("audit-") && $0.hasSuffix(".jsonl") }.sorted().map { path + "/" + $0 }
    }

    /// The paths of all files, oldest first.
    func all() throws -> [String] {
        let last = path + "/" + Self.current
        return try finished() + (FileManager.default.fileExists(atPath: last) ? [last] : [])
    }

    func finishedPath(last number: UInt64) -> String {
        let digits = String(number)
        return path + "/audit-" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits + ".jsonl"
    }
}
