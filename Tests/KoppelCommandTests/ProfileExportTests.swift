import Foundation
import KoppelTestKit
import Subprocess
import Testing

/// Point 9 of the uplink: device types and machines in the forms of others (data model 3.15).
@Suite(.timeLimit(.minutes(5)))
struct ProfileExportTests {
    private static let folder = Repository.root + "/Tests/KoppelCommandTests/Exports"

    /// The worked profile of the data model, which counts from zero and therefore says so here.
    private static func workedProfile() throws -> String {
        let text = try String(contentsOfFile: folder + "/Worked/profile.json", encoding: .utf8)
        return text.replacing("\"protocol\"", with: "\"addressing\": \"zero-based\", \"protocol\"", maxReplacements: 1)
    }

    private static let workedSite = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: dordrecht}, data: DATA}
        buses: {gateway: {url: "tcp://192.0.2.10:502"}}
        machines:
          meter-freesbank-3:
            bus: gateway
            unit: 1
            profile: ./worked.yaml
            title: {nl: kWh-meter freesbank 3, en: Energy meter milling machine 3}
            nameplate: {serial-number: "24051234", uri-of-the-product: "https://id.example.com/SDM120-Modbus/24051234"}

        """

    /// Exports the worked machine in both forms. No agent has read it, so its ids are made of its place.
    private func exportWorked(_ format: String) async throws -> String {
        let folder = try TemporaryFolder()
        _ = try folder.write(try Self.workedProfile(), to: "worked.yaml")
        let site = try folder.write(Self.workedSite.replacing("DATA", with: folder.path + "/data"), to: "koppel.yaml")
        let outcome = try await Program.run(
            "profile", "export", "--config", site, "--machine", "meter-freesbank-3", "--format", format)
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("made of the machine's place in the plant"))
        return outcome.output
    }

    /// The worked example with the ids that the document was given.
    private func worked(_ name: String, replacing ids: [String: String]) throws -> NSDictionary {
        var text = try String(contentsOfFile: Self.folder + "/Worked/\(name).json", encoding: .utf8)
        for (id, own) in ids { text = text.replacing(id, with: own) }
        return try json(text)
    }

    private func json(_ text: String) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }

    private static let place = "https://koppel.example/machine/acme/dordrecht/meter-freesbank-3"

    @Test func `the worked machine is exported as the Thing Description of the data model, member for member`()
        async throws
    {
        let expected = try worked(
            "td", replacing: ["urn:uuid:6f1d2a64-0f3b-4c0e-9a53-2f3f6f7f0a11": Self.place, "\"12\"": "\"0\""])
        #expect(try json(try await exportWorked("wot")) == expected)
    }

    @Test func `the worked machine is exported as the asset shell of the data model, member for member`() async throws {
        let expected = try worked(
            "aas",
            replacing: [
                "urn:uuid:aa2f6f0e-3c1d-4e6b-9b7a-5d0e1f2a3b4c": Self.place + "/aas",
                "urn:uuid:d1b6a3f8-4a8e-4b55-8c07-9f8e2c6b7a40": Self.place + "/aid",
            ])
        #expect(try json(try await exportWorked("aas")) == expected)
    }

    @Test func `a machine on a serial line has no address in either form, unless a gateway is named`() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: dordrecht}, data: \(folder.path)/data}
            buses: {line: {url: "rtu:/dev/ttyS99?baud=9600&format=8N1"}}
            machines: {meter: {bus: line, unit: 7, profile: eastron/sdm120}}

            """, to: "koppel.yaml")
        let export = ["profile", "export", "--config", site, "--machine", "meter", "--format", "wot"]
        let silent = try await Program.run(export)
        #expect(silent.code == 0)
        #expect(try json(silent.output)["base"] == nil)
        #expect(silent.errors.contains("--gateway HOST:PORT"))
        let reached = try await Program.run(export + ["--gateway", "192.0.2.10:1502"])
        #expect(try json(reached.output)["base"] as? String == "modbus+tcp://192.0.2.10:1502/7/")
        #expect(!reached.errors.contains("--gateway"))
    }

    @Test(
        .enabled("aas-core3.0 is not installed: pip install -r Deploy/test-requirements.txt") {
            await PythonServer.has(module: "aas_core3")
        })
    func `every device of the library, and points of every kind, pass the checks of others`() async throws {
        let folder = try TemporaryFolder()
        let own = try folder.write(Self.everyKind, to: "every-kind.yaml")
        let listed = try await Program.run("profile", "list", "--json")
        let library = try #require(try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]])
        let profiles = library.compactMap { $0["id"] as? String } + [own]
        #expect(profiles.count >= 5)
        for (index, profile) in profiles.enumerated() {
            for format in ["wot", "aas"] {
                let outcome = try await Program.run("profile", "export", profile, "--format", format)
                #expect(outcome.code == 0, "\(profile): \(outcome.errors)")
                _ = try folder.write(outcome.output, to: "\(index).\(format).json")
            }
        }
        for format in ["wot", "aas"] {
            _ = try folder.write(try await exportWorked(format), to: "worked.\(format).json")
        }
        let python = PythonServer.interpreter
        let result = try await run(
            .name("env"), arguments: [python, Self.folder + "/check_exports.py", folder.path],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        #expect(
            result.terminationStatus == .exited(0), "\(result.standardOutput)\(result.standardError)")
        #expect(result.standardOutput.contains("\(profiles.count + 1) devices, 0 faults"))
    }

    /// What a device can have that neither form has a term for, and names that become the same key.
    private static let everyKind = """
        profile: every-kind
        version: 1.2.3
        manufacturer: Ærø & Söhne
        model: "7 \\"x\\""
        protocol: modbus
        addressing: zero-based
        points:
          - {signal: a-b/c, entity: Coil, address: 0, wireType: bool, kind: event}
          - {signal: a/b-c, entity: DiscreteInput, address: 65535, wireType: bool, kind: event}
          - {signal: 3/bit, entity: HoldingRegister, address: 1, wireType: bit, bit: 15, kind: event, sentinels: [{raw: "0xFFFF", means: no-data}]}
          - {signal: x/bits, entity: HoldingRegister, address: 1, wireType: bits, bits: {lsb: 4, width: 3}, kind: state, \
        enum: {0: Off, 1: "\\"On\\""}}
          - {signal: x/low, entity: HoldingRegister, address: 2, wireType: int8, half: low, kind: measurement, \
        unit: {ucum: Cel}, quantityKind: http://qudt.org/vocab/quantitykind/Temperature}
          - {signal: x/scaled, entity: InputRegister, address: 3, wireType: int16, scale: 0.1, offset: -40, \
        scaleRegister: x/exponent, kind: measurement, unit: {ucum: t}, limits: {low: -1.5, high: 1e9}, \
        quantityKind: http://qudt.org/vocab/quantitykind/Mass, sentinels: [{raw: "0x8000", means: no-data}], \
        validWhen: [{signal: x/status, is: [0, 7], otherwise: {1: sensor-fault, 2: over-range}}, \
        {signal: x/flag, is: true, otherwise: no-data}]}
          - {signal: x/status, entity: InputRegister, address: 60, wireType: uint8, kind: event, publish: false}
          - {signal: x/flag, entity: InputRegister, address: 60, wireType: bit, bit: 9, kind: event}
          - {signal: x/exponent, entity: InputRegister, address: 4, wireType: int16, kind: measurement, unit: {ucum: "1"}, \
        quantityKind: http://qudt.org/vocab/quantitykind/Dimensionless, publish: false}
          - {signal: x/no-code, entity: InputRegister, address: 26, wireType: float32, kind: measurement, \
        unit: {ucum: W.h/m3}, quantityKind: http://qudt.org/vocab/quantitykind/EnergyDensity}
          - {signal: x/hidden, entity: InputRegister, address: 5, wireType: int16, kind: event, publish: false}
          - {signal: x/swapped, entity: InputRegister, address: 6, wireType: float32, mostSignificantWord: false, \
        kind: measurement, unit: {ucum: "1"}, quantityKind: http://qudt.org/vocab/quantitykind/Dimensionless, \
        sentinels: [{raw: NaN, means: sensor-fault}]}
          - {signal: x/digits, entity: InputRegister, address: 8, wireType: bcd32, kind: counter, \
        unit: {ucum: "{#}"}, counter: {modulus: 100000000, reset: never, maxRatePerSecond: 10}}
          - {signal: x/name, entity: InputRegister, address: 10, wireType: string, length: 16, kind: text}

        """
}
