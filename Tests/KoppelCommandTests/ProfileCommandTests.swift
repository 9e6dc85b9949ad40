import Foundation
import KoppelConfig
import Testing

@testable import koppel

@Suite(.timeLimit(.minutes(5)))
struct ProfileCommandTests {
    @Test func `the shipped profiles have no issues`() async throws {
        let outcome = try await Program.run("profile", "check", Repository.devices)
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("0 errors, 0 warnings\n"))
    }

    @Test func `a vector that decodes to something else is an error`() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            """
            profile: acme-counter
            version: 1.0.0
            manufacturer: Acme
            model: Counter
            protocol: modbus
            addressing: zero-based
            points:
              - signal: counters/c0
                label: {nl: Teller, en: Counter}
                entity: HoldingRegister
                address: 0
                wireType: uint32
                kind: measurement
                quantityKind: http://qudt.org/vocab/quantitykind/Dimensionless
                unit: {ucum: "1"}

            """, to: "counter.yaml")
        _ = try folder.write(
            """
            profile: acme-counter
            vectors:
              - {name: seven, words: {holding: {0: [0, 7]}}, expect: {counters/c0: {value: 7}}}
              - {name: wrong, words: {holding: {0: [0, 7]}}, expect: {counters/c0: {value: 8}}}
              - {name: short, words: {holding: {0: [0]}}, expect: {counters/c0: {value: 8}}}

            """, to: "counter.vectors.yaml")
        let outcome = try await Program.run("profile", "check", folder.path)
        #expect(outcome.code == 78)
        try Golden.expect(outcome.output, is: "profile-check-vectors", replacing: folder.path)
        let one = try await Program.run("profile", "check", folder.path + "/counter.yaml")
        #expect(one.output == outcome.output)
    }

    @Test func `every shipped profile is listed`() async throws {
        let outcome = try await Program.run("profile", "list", "--json")
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        let ids = rows.compactMap { $0["id"] as? String }
        #expect(outcome.code == 0)
        #expect(ids == ids.sorted())
        for id in ids {
            #expect(FileManager.default.fileExists(atPath: "\(Repository.devices)/\(id).yaml"))
        }
        #expect(ids.contains("eastron/sdm630-v2"))
    }

    @Test(arguments: ["nl", "en"])
    func `a profile is shown in a language`(_ language: String) async throws {
        let profile = Repository.devices + "/eastron/sdm120.yaml"
        let outcome = try await Program.run("profile", "show", profile, "--lang", language)
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "profile-show-\(language)")
    }
}
