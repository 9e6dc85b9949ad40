import Foundation
import KoppelCore
import Testing

@testable import KoppelMQTT

struct SecretReaderTests {
    private let reader = SecretReader(environment: { $0 == "SECRET" ? "from outside" : nil })

    @Test(arguments: [("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), (" a b ", " a b ")])
    func `a secret is the text of its file without the last newline`(_ text: String, _ secret: String) async throws {
        try await withFolder { folder in
            let path = try file(text, in: folder)
            let found = try reader.read(.file(path: path))
            #expect(found == secret)
        }
    }

    @Test(arguments: [0o600, 0o400])
    func `A23: a file for us alone is good`(_ mode: Int) async throws {
        try await withFolder { folder in
            let path = try file("secret", mode: mode, in: folder)
            let found = try reader.read(.file(path: path))
            #expect(found == "secret")
        }
    }

    @Test(arguments: [0o644, 0o604, 0o620, 0o660])
    func `A23: a file that others can read or write is refused with the cure`(_ mode: Int) async throws {
        try await withFolder { folder in
            let path = try file("secret", mode: mode, in: folder)
            let problem = #expect(throws: SecretReader.Problem.self) { try reader.read(.file(path: path)) }
            #expect(problem?.what.contains(path) == true)
            #expect(problem?.advice == "Run: chmod 600 \(path), or 640 if the group of the service reads it")
        }
    }

    @Test(arguments: ["", "\n", "a\u{0}b", String(repeating: "x", count: 65_536)])
    func `a file without a usable secret is refused`(_ text: String) async throws {
        try await withFolder { folder in
            let path = try file(text, in: folder)
            #expect(throws: SecretReader.Problem.self) { try reader.read(.file(path: path)) }
        }
    }

    @Test func `a missing file and a folder are told by name`() async throws {
        try await withFolder { folder in
            for path in ["\(folder)/none", folder] {
                let problem = #expect(throws: SecretReader.Problem.self) { try reader.read(.file(path: path)) }
                #expect(problem?.what.contains(path) == true)
            }
        }
    }

    @Test func `a secret can come from the environment, and a missing one is told by name`() throws {
        let found = try reader.read(.environment(name: "SECRET"))
        #expect(found == "from outside")
        let problem = #expect(throws: SecretReader.Problem.self) { try reader.read(.environment(name: "NONE")) }
        #expect(problem?.what.contains("NONE") == true)
    }

    private func file(_ text: String, mode: Int = 0o600, in folder: String) throws -> String {
        let path = "\(folder)/secret"
        try Data(text.utf8).write(to: URL(filePath: path))
        try setMode(mode, of: path)
        return path
    }
}
