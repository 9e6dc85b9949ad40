import Foundation

/// The project's own source files as text.
enum SourceTree {
    struct File: Sendable, CustomStringConvertible {
        /// Relative to the repository.
        let path: String
        let lines: [String]

        var description: String { path }
    }

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every Swift and C file below a folder of the repository, by path; empty if there is no such folder.
    static func files(in folder: String, extensions: Set<String> = ["swift", "c", "h"]) throws -> [File] {
        let root = repository.appending(path: folder)
        guard FileManager.default.fileExists(atPath: root.path()) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: root.path()).sorted()
            .filter { extensions.contains(String($0.split(separator: ".").last ?? "")) }
            .map { path in
                let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
                return File(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n"))
            }
    }

    /// The names of the folders directly below a folder of the repository.
    static func folders(in folder: String) throws -> [String] {
        let root = repository.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: root.path()).sorted().filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: root.appending(path: name).path(), isDirectory: &isFolder)
                && isFolder.boolValue
        }
    }
}
