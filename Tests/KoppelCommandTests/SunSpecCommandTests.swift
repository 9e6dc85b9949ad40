import Foundation
import KoppelCore
import Testing

@testable import KoppelAgent

/// A SunSpec meter that is nowhere near the example of its profile, with the commands an installer has.
@Suite(.timeLimit(.minutes(5)))
struct SunSpecCommandTests {
    /// What the device says of itself: begins at 0, a short model 1, a model nobody knows, then the meter.
    private static let chain = ModelChain(base: 0, ids: [(1, 65), (64_001, 10), (203, 105)])

    private static let device = """
        profile: acme-roof
        version: 1.0.0
        manufacturer: Acme
        model: Roof
        protocol: modbus
        addressing: zero-based
        sunspec:
          base: 0
          models: [{id: 1, length: 65}, {id: 64001, length: 10}, {id: 203, length: 105}]
        points:
          - signal: electrical/frequency
            sunspec: {model: 203, offset: 16}
            wireType: uint16
            kind: measurement
            quantityKind: http://qudt.org/vocab/quantitykind/Frequency
            unit: {ucum: Hz}

        """

    private struct Read: Decodable {
        struct Signal: Decodable {
            var signal: String
            var words: [UInt16]
            var quality: String
        }

        var sunspec: ModelChain?
        var failures: [String]
        var signals: [Signal]
    }

    /// Serves the device; `body` gets the url of its bus.
    private func serving(_ body: (_ url: String, _ folder: String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let profile = try folder.write(Self.device, to: "roof.yaml")
        let command = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "1", "--profile", profile]
        _ = try await Program.serving(command) { lines in
            let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
            try await body("tcp://" + (try #require(word)), path)
        }
    }

    @Test func `scan names the profile for its models, and read finds them`() async throws {
        try await serving { url, _ in
            let scan = try await Program.run(
                "scan", "--bus", url, "--units", "1", "--profiles", Repository.devices)
            #expect(scan.code == 0)
            #expect(scan.output.contains("sunspec/meter-203 (SunSpec models 1, 203)"))
            #expect(scan.output.contains("unit 1: \(Self.chain)\n"))

            let read = try await Program.run(
                "read", "--bus", url, "--unit", "1", "--profile", "sunspec/meter-203", "--profiles", Repository.devices,
                "--json")
            #expect(read.code == 0, "\(read.errors)")
            let now = try #require(try JSONDecoder().decode([Read].self, from: Data(read.output.utf8)).first)
            #expect(now.sunspec == Self.chain)
            // The last place of the power of ten is 0 here, so the number is the word.
            let frequency = try #require(now.signals.first { $0.signal == "electrical/frequency" })
            #expect(frequency.quality == "good" && frequency.words.count == 1)
        }
    }

    @Test func `read says what the device is if the profile is for another one`() async throws {
        try await serving { url, _ in
            let read = try await Program.run(
                "read", "--bus", url, "--unit", "1", "--profile", "sunspec/inverter-103-160", "--profiles",
                Repository.devices)
            #expect(read.code == 1)
            #expect(read.errors.contains("the profile reads SunSpec model 103, and this unit has no such device"))
            #expect(read.errors.contains("203 at 81 (105)"))
            #expect(read.errors.contains("for these models the library has sunspec/meter-203\n"))
        }
    }

    @Test func `read takes the device that is asked for, and not another one if it is not there`() async throws {
        try await serving { url, folder in
            let meter = ["--profile", "sunspec/meter-203", "--profiles", Repository.devices]
            let there = ["read", "--bus", url, "--unit", "1"] + meter
            #expect(try await Program.run(there + ["--device", "1"]).code == 0)
            let second = try await Program.run(there + ["--device", "2"])
            #expect(second.code == 1)
            #expect(second.errors.contains("the profile reads SunSpec model 1, 203, and this unit has no such device"))
            let none = try await Program.run(there + ["--device", "0"])
            #expect(none.code == 78 && none.errors.contains("--device"), "\(none.errors)")
            let both = try await Program.run(["read", "--config", folder + "/site.yaml", "--device", "2"])
            #expect(both.code == 64 && both.errors.contains("sunspec: {device: 2}"), "\(both.errors)")
        }
    }

    @Test func `a running agent tells where it found the registers: status, explain and replay`() async throws {
        try await serving { url, folder in
            let path = folder + "/site.yaml"
            let text = """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: \(folder)/data, clock: isolated}
                buses: {roof: {url: "\(url)"}}
                machines: {grid: {bus: roof, unit: 1, profile: sunspec/meter-203, every: 200ms}}
                destinations: {plant: {url: "mqtt://127.0.0.1:1", share: all}}

                """
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let site = ["--config", path, "--profiles", Repository.devices]
            try await Program.during(["run", "--config", path, "--log", "error"]) {
                let end = ContinuousClock.now + .seconds(60)
                var unit: StatusDocument.Unit?
                while unit?.sunspec == nil {
                    try #require(ContinuousClock.now < end, "the agent finds no models")
                    let status = try await Program.run(["status", "--json"] + site)
                    // Until the socket is there the answer is no document.
                    unit = try? JSONDecoder().decode(StatusDocument.self, from: Data(status.output.utf8)).buses
                        .first?.units.first
                }
                #expect(unit?.sunspec == Self.chain)
                #expect(try await Program.run(["status"] + site).output.contains("roof/1: \(Self.chain)\n"))

                let explained = try await Program.run(["explain", "grid", "electrical/frequency"] + site)
                #expect(explained.code == 0)
                #expect(
                    explained.output.contains(
                        "register 16 of SunSpec model 203, which in this device is function 3, holding 97 counted"))

                let file = folder + "/record.txt"
                #expect(try await Program.run(["record", "--bus", "roof", "--out", file] + site).code == 0)
                let replayed = try await Program.run([
                    "replay", file, "--profile", "sunspec/meter-203", "--profiles", Repository.devices,
                ])
                #expect(replayed.output.contains("electrical/frequency"), "\(replayed.output) \(replayed.errors)")
            }
            let alone = try await Program.run(["explain", "grid", "electrical/frequency"] + site)
            #expect(alone.output.contains("which in the example device of the profile is function 3, holding 40086"))
        }
    }
}
