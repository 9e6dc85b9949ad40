import Foundation
import KoppelTestKit
import Subprocess

/// Holds messages against the schemas of the data model with its own checker, `check.py`.
enum SchemaCheck {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let script = repository.appending(path: "../shared/data-model/check.py").standardizedFileURL.path()

    static var isAvailable: Bool { FileManager.default.isReadableFile(atPath: script) }
    static let whyNot: String = "the data model with its check.py is not beside the repository"

    /// The faults found, one a line; empty if every file is valid.
    static func faults(schema: String, files: [String]) async throws -> String {
        let python = PythonServer.interpreter
        // `env` takes both a path and a name to be found.
        let result = try await run(
            .name("env"), arguments: Arguments([python, script, schema] + files), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        let said = result.standardOutput + result.standardError
        let sound = "\(files.count) messages, 0 faults\n"
        return result.terminationStatus == .exited(0) && said == sound ? "" : said + "(\(result.terminationStatus))"
    }

    /// Writes each message to a file of its own and holds all against the schema in one run of the checker.
    static func faults(schema: String, messages: [[UInt8]]) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "koppel-dialects-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try messages.enumerated().map { index, message in
            let file = folder.appending(path: "\(index).json")
            try Data(message).write(to: file)
            return file.path()
        }
        return try await faults(schema: schema, files: files)
    }
}
