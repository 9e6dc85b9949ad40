import Foundation
import KoppelConfig
import Testing

/// Each `Fixtures/NAME.yaml` with `NAME.issues` beside it: the exact text, line and column of every issue.
///
/// The name says what is loaded: `site-`, `profile-` or `vectors-`. An empty list of issues is a good file.
struct FixtureTests {
    @Test(arguments: try Fixture.all())
    func `A19: a file gives exactly the issues of its fixture`(_ fixture: Fixture) throws {
        let actual = try fixture.issues().map(\.description).joined(separator: "\n")
        #expect(actual == fixture.expected)
    }

    @Test func `there are at least 25 bad fixtures`() throws {
        #expect(try Fixture.all().count { !$0.expected.isEmpty } >= 25)
    }
}

/// One file with the issues it must give.
struct Fixture: CustomTestStringConvertible {
    static let folder = FilePath.tests + "/KoppelConfigTests/Fixtures"

    var name: String
    var text: String
    var expected: String
    var testDescription: String { name }

    static func all() throws -> [Fixture] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { $0.hasSuffix(".yaml") }
            .map { name in
                let issues = folder + "/" + name.dropLast(".yaml".count) + ".issues"
                return Fixture(
                    name: name, text: try String(contentsOfFile: folder + "/" + name, encoding: .utf8),
                    expected: try String(contentsOfFile: issues, encoding: .utf8)
                        .trimmingCharacters(in: .newlines))
            }
    }

    func issues() throws -> [ConfigIssue] {
        let files = try Fixture.files(adding: [name: text])
        if name.hasPrefix("profile-") { return loadProfile(at: name, files: files).issues }
        if name.hasPrefix("vectors-") { return loadVectors(at: name, files: files).issues }
        let library = ProfileLibrary(folders: ["Devices"], files: files)
        return loadSite(at: name, library: library, files: files).issues
    }

    /// The profiles of the fixtures' own library, and what a test adds.
    static func files(adding extra: [String: String]) throws -> MemoryFiles {
        var files = MemoryFiles(contents: extra)
        for path in ["Devices/eastron/sdm630-v2.yaml", "Devices/acme/counter.yaml"] {
            files.contents[path] = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
        }
        return files
    }

    /// The text of a fixture.
    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }

    private enum FilePath {
        static let tests = (#filePath as NSString).deletingLastPathComponent + "/.."
    }
}
