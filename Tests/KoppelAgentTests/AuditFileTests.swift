import Foundation
import KoppelCore
import Testing

@testable import KoppelAgent
@testable import KoppelEngine

/// The audit log on disk: torn lines, full files, damage.
struct AuditFileTests {
    private let folder = NSTemporaryDirectory() + "koppel-audit-" + UUID().uuidString
    private var current: String { folder + "/audit/audit.jsonl" }

    private func entry(_ number: Int) throws -> AuditEntry {
        AuditEntry(
            time: Timestamp(nanoseconds: Int64(number) * 1_000_000_000), agent: "urn:uuid:x",
            destination: try #require(Identifier("hub")), decision: .denied, why: "no-agreement", policy: .ownBroker,
            topic: "kpl/v1/acme/dordrecht/#", content: MessageContent(topicClass: "_destination"))
    }

    private func append(_ numbers: ClosedRange<Int>, to file: AuditFile) async throws {
        for number in numbers { try await file.append(try entry(number)) }
    }

    @Test func `S04: a line that a crash tore is taken away, and the chain goes on before it`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await append(1...3, to: AuditFile(dataFolder: folder))
        let whole = try Data(contentsOf: URL(fileURLWithPath: current))
        try (whole + Data(#"{"agent":"urn"#.utf8)).write(to: URL(fileURLWithPath: current))
        #expect(try AuditVerification(dataFolder: folder).hasTornEnd)
        try await append(4...5, to: AuditFile(dataFolder: folder))
        let verification = try AuditVerification(dataFolder: folder)
        #expect(verification.broken == nil)
        #expect(verification.records == 5)
        #expect(!verification.hasTornEnd)
    }

    @Test func `files are bounded, and the chain runs through them`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = AuditFile(dataFolder: folder, limit: 2_000, files: 3)
        try await append(1...40, to: file)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/audit")
        #expect(names.count <= 4)
        let verification = try AuditVerification(dataFolder: folder)
        #expect(verification.broken == nil)
        #expect(verification.lastNumber == 40)
        #expect((verification.firstNumber ?? 0) > 1)
    }

    @Test func `a changed record is found with its line, and nothing is written behind a damaged end`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await append(1...3, to: AuditFile(dataFolder: folder))
        let text = try String(contentsOfFile: current, encoding: .utf8)
        let changed = text.replacing("no-agreement", with: "no-agreemint", maxReplacements: 1)
        try changed.write(toFile: current, atomically: true, encoding: .utf8)
        #expect(try AuditVerification(dataFolder: folder).broken?.line == 1)
        let lines = text.split(separator: "\n")
        let last = lines[2].replacing("no-agreement", with: "no-agreemint")
        try "\(lines[0])\n\(lines[1])\n\(last)\n".write(toFile: current, atomically: true, encoding: .utf8)
        let file = AuditFile(dataFolder: folder)
        await #expect(throws: AuditError.self) { try await file.append(try entry(4)) }
    }
}
