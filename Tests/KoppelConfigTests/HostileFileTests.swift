import Foundation
import KoppelConfig
import Testing

/// X08: files made to hurt are refused within seconds, with a sentence.
struct HostileFileTests {
    struct Bomb: CustomTestStringConvertible {
        var testDescription: String
        var sentence: String
        var make: @Sendable () -> String
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            Bomb(
                testDescription: "anchors that double", sentence: "anchors (&name) and aliases (*name) are not allowed"
            ) {
                "a: &a0 [x, x]\n" + (1...64).map { "b\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
            },
            Bomb(testDescription: "an alias as a key", sentence: "anchors (&name) and aliases (*name) are not allowed")
            {
                "a: &a0 [x, x]\n? *a0\n: y"
            },
            Bomb(
                testDescription: "100 lists deep", sentence: "lists and mappings stand more than 64 deep in each other"
            ) {
                "a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
            },
            Bomb(
                testDescription: "a million lists deep", sentence: "the file holds more than 1,000,000 keys and values"
            ) {
                String(repeating: "[", count: 4_000_000)
            },
            Bomb(
                testDescription: "half a million lists deep",
                sentence:
                    "this is not YAML: Maximum nesting level reached, set with yaml_set_max_nest_level()) while parsing that starts in line 1"
            ) {
                String(repeating: "[", count: 500_000)
            },
            Bomb(testDescription: "two million values", sentence: "the file holds more than 1,000,000 keys and values")
            {
                "a: [" + String(repeating: "1,", count: 2_000_000) + "]"
            },
            Bomb(testDescription: "more than 4 MiB", sentence: "cannot be read: it is larger than 4 MiB") {
                "a: " + String(repeating: "x", count: 5 << 20)
            },
            Bomb(testDescription: "a text of 4 MiB", sentence: "this text is longer than 1,024 bytes") {
                "manufacturer: " + String(repeating: "x", count: 4_000_000)
            },
            Bomb(testDescription: "20,000 points", sentence: "20000 points are more than a profile may have (10,000)") {
                "points:\n" + (1...20_000).map { "- {signal: a/s\($0)}\n" }.joined()
            },
            Bomb(testDescription: "20,000 unknown keys", sentence: "unknown key") {
                (1...20_000).map { "manufacturrr\($0): 1\n" }.joined()
            },
            Bomb(
                testDescription: "control characters", sentence: "this is not YAML: control characters are not allowed"
            ) {
                "manufacturer: a\u{0}b"
            },
        ]) func `X08: a hostile profile is refused`(_ bomb: Bomb)
    {
        let load = loadProfile(at: "p.yaml", files: MemoryFiles(contents: ["p.yaml": bomb.make()]))
        #expect(load.profile == nil)
        #expect(load.issues.map(\.sentence).contains(bomb.sentence), "\(load.issues.prefix(3))")
        #expect(load.issues.count <= 1_001)
    }

    @Test func `a file that is no UTF-8 is refused, from the disk too`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("p.yaml").path
        try Data([0x70, 0x3A, 0x20, 0xFF]).write(to: URL(fileURLWithPath: path))
        #expect(loadProfile(at: path, files: DiskFiles()).issues.map(\.sentence) == ["the file is not UTF-8 text"])
        #expect(DiskFiles().realPath(folder.path + "/./p.yaml") == DiskFiles().realPath(path))
        #expect(DiskFiles().facts(folder.path)?.isFolder == true)
        #expect(try DiskFiles().names(in: folder.path) == ["p.yaml"])
        #expect(
            loadProfile(at: folder.path, files: DiskFiles()).issues.map(\.sentence)
                == ["cannot be read: this is a folder, not a file"])
        #expect(
            loadProfile(at: path + "x", files: DiskFiles()).issues.map(\.sentence)
                == ["cannot be read: there is no such file"])
    }
}
