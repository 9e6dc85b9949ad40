import Foundation
import KoppelConfig
import KoppelCore
import Testing

/// What a newcomer copies out of the lesson in `Devices/README.md`.
struct LessonTests {
    @Test func `the profile and the vectors of the lesson pass the check`() throws {
        let lesson = try String(contentsOfFile: Device.folder + "/README.md", encoding: .utf8)
        let blocks = lesson.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```\n").first }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }  // what stays is in the temporary folder
        func write(_ beginning: String, to name: String) throws -> String {
            let block = try #require(blocks.first { $0.hasPrefix(beginning) }, "the lesson has no \(name)")
            let path = folder.appendingPathComponent(name).path
            try String(block).write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let load = loadProfile(at: try write("profile: acme-m1\nversion", to: "acme-m1.yaml"), files: DiskFiles())
        #expect(load.issues.isEmpty, "\(load.issues)")
        let profile = try #require(load.profile)
        let vectorsPath = try write("profile: acme-m1\nvectors", to: "acme-m1.vectors.yaml")
        let vectors = loadVectors(at: vectorsPath, profile: profile, files: DiskFiles())
        #expect(vectors.issues.isEmpty, "\(vectors.issues)")
        let all = try #require(vectors.vectors?.vectors)
        #expect(!all.isEmpty)
        for vector in all { RecordedVector(device: "acme-m1", profile: profile, vector: vector).expectDecoded() }
    }
}
