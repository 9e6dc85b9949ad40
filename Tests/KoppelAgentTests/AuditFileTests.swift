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

    @Test func `what left to a destination in the last hour is found again after a restart`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = AuditFile(dataFolder: folder, limit: 1_500, files: 8)
        let written: [(second: Int, destination: String, decision: AuditEntry.Decision)] = [
            (10, "hub", .sent), (20, "other", .sent), (4_000, "hub", .sent), (4_010, "hub", .denied),
            (4_020, "hub-2", .sent), (4_030, "hub", .failed), (5_000, "hub", .sent), (9_000, "hub", .sent),
        ]
        for one in written {
            var entry = try entry(one.second)
            entry.destination = try #require(Identifier(one.destination))
            (entry.decision, entry.why) = (one.decision, one.decision == .sent ? nil : "x")
            entry.topic = #"a "decision":"sent","destination":"hub" b"#
            try await file.append(entry)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/audit").count > 2)
        let torn = #"{"decision":"sent","destination":"hub","time":"1970-01-01T01:50:00.000000000Z""#
        let whole = FileManager.default.contents(atPath: current) ?? Data()
        try (whole + Data(torn.utf8)).write(to: URL(fileURLWithPath: current))
        let hub = try #require(Identifier("hub"))
        func ages(_ second: Int64, most: Int = 10) async throws -> [Duration] {
            try await AuditFile(dataFolder: folder).ages(
                ofDeparturesTo: hub, at: Timestamp(nanoseconds: second * 1_000_000_000), most: most)
        }
        #expect(try await ages(9_000) == [.zero])
        // The last one is of a time to come.
        #expect(try await ages(7_000) == [.seconds(3_000), .seconds(2_000), .zero])
        #expect(try await ages(7_000, most: 2) == [.seconds(2_000), .zero])
        #expect(try await ages(99_000).isEmpty)
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
