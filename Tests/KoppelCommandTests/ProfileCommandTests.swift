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

    @Test func `when a value counts is shown, in words and in JSON`() async throws {
        let profile = Repository.devices + "/omron/e5cc.yaml"
        let shown = try await Program.run("profile", "show", profile)
        #expect(shown.output.contains("counts when"))
        #expect(shown.output.contains("status/input-error is 0, otherwise sensor-fault"))
        let json = try await Program.run("profile", "show", profile, "--json")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? NSDictionary)
        let points = try #require(document["points"] as? [[String: Any]])
        let value = try #require(points.first { $0["signal"] as? String == "process/value" })
        let rules = try #require(value["validWhen"] as? [NSDictionary])
        #expect(rules.first == ["signal": "status/input-error", "is": [0], "otherwise": "sensor-fault"])
        #expect(points.count { $0["validWhen"] != nil } == 1)
    }

    @Test func `words without the status of a value decode to no value, and with it to what it says`() async throws {
        let profile = Repository.devices + "/omron/e5cc.yaml"
        let alone = try await Program.run("decode", "--profile", profile, "--words", "holding:0x0000=0000,0704")
        #expect(!alone.output.contains("179.6"))
        let broken = try await Program.run(
            "decode", "--profile", profile, "--words", "holding:0x0000=0000,0704,0000,0040")
        #expect(broken.output.contains("sensor-fault") && !broken.output.contains("179.6"))
        let well = try await Program.run(
            "decode", "--profile", profile, "--words", "holding:0x0000=0000,0704,0000,0000")
        #expect(well.output.contains("179.6"))
    }

    @Test(arguments: ["nl", "en"])
    func `a profile is shown in a language`(_ language: String) async throws {
        let profile = Repository.devices + "/eastron/sdm120.yaml"
        let outcome = try await Program.run("profile", "show", profile, "--lang", language)
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "profile-show-\(language)")
    }
}
