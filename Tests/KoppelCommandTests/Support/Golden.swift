import Foundation
import Testing

/// Texts that were read and approved by a person. With UPDATE_GOLDEN=1 in the environment they are written anew.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Golden").standardizedFileURL

    static func expect(
        _ text: String, is name: String, replacing folderPath: String? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        var text = text.replacing(Repository.root, with: "REPOSITORY")
        if let folderPath { text = text.replacing(folderPath, with: "FOLDER") }
        let file = folder.appendingPathComponent(name + ".txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(text == expected, "\(name) differs", sourceLocation: location)
    }
}
