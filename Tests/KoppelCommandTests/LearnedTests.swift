import Foundation
import KoppelTestKit
import Subprocess
import Testing

/// What the agent learns of a device that lacks registers, from the wire to the file and to `check --plan`.
@Suite(.timeLimit(.minutes(5)))
struct LearnedTests {
    private static let site = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: FOLDER/data}
        buses: {hal-3: {url: "tcp://127.0.0.1:PORT"}}
        machines: {main-meter: {bus: hal-3, unit: 3, profile: eastron/sdm630-v2, every: 100ms}}

        """

    private func site(port: String, in folder: borrowing TemporaryFolder) throws -> String {
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
        let text = Self.site.replacing("FOLDER", with: folder.path).replacing("PORT", with: port)
        return try folder.write(text, to: "koppel.yaml")
    }

    @Test func `F31, P28: a running agent finds the registers a meter lacks, keeps them, and check shows them`()
        async throws
    {
        // A single-phase meter where the site file says three phases: it lacks most of the registers.
        let device = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "3", "--profile", "eastron/sdm120"]
        let folder = try TemporaryFolder()
        let facts = folder.path + "/data/learned.json"
        let plan = try await Program.serving(device) { lines in
            let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
            let path = try site(port: String(try #require(word).dropFirst("127.0.0.1:".count)), in: folder)
            let outcome = try await Subprocess.run(
                .name("env"), arguments: Arguments([Program.path, "run", "--config", path]), input: .none,
                output: .discarded, error: .sequence
            ) { execution in
                for try await line in execution.standardError.strings()
                where line.contains("read around that from now on") {
                    break
                }
                // The file is written when the agent stops, if not before.
                await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))])
            }
            guard case .exited(0) = outcome.terminationStatus else {
                Issue.record("it ended with \(outcome.terminationStatus)")
                return ""
            }
            return try await Program.run("check", "--config", path, "--plan").output
        }.value
        #expect(FileManager.default.fileExists(atPath: facts))
        #expect(plan.contains("Learned from unit 3 "), "\(plan)")
        #expect(plan.contains("is refused, so it is not asked for (exception 2 (illegal data address))"))
        #expect(plan.contains("It is tried again in 24 h."))
    }

    private static let facts = """
        {"learned": 1, "facts": [
          {"bus": "hal-3", "unit": 3, "profile": "eastron-sdm630-v2", "version": "VERSION", "kind": "points",
           "table": "input", "first": 2, "last": 3, "exception": 2, "learnedAt": 1700000000000,
           "confirmedAt": 1700000000000, "holdsSeconds": 86400},
          {"bus": "hal-3", "unit": 9, "profile": "eastron-sdm630-v2", "version": "VERSION", "kind": "limit",
           "table": "input", "first": 20, "last": 21, "learnedAt": 1700000000000, "confirmedAt": NOW,
           "holdsSeconds": 86400}
        ]}
        """

    @Test func `P30: the facts of a site are in the JSON of check, others are not`() async throws {
        let folder = try TemporaryFolder()
        let path = try site(port: "1", in: folder)
        let now = Int(Date().timeIntervalSince1970 * 1_000)
        _ = try folder.write(
            Self.facts.replacing("VERSION", with: "1.0.1").replacing("1700000000000", with: "\(now)")
                .replacing("NOW", with: "\(now)"), to: "data/learned.json")
        let outcome = try await Program.run("check", "--config", path, "--plan", "--json")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let plan = try #require(document["plan"] as? [String: Any])
        let learned = try #require(plan["learned"] as? [[String: Any]])
        #expect(learned.map { $0["unit"] as? Int } == [3])
        #expect(learned.map { $0["first"] as? Int } == [2])
    }

    @Test func `P29: explain says of a refused signal that it is not asked for, and of the others what is read around`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try site(port: "1", in: folder)
        let now = Int(Date().timeIntervalSince1970 * 1_000)
        let facts = Self.facts.replacing("VERSION", with: "1.0.1").replacing("1700000000000", with: "\(now)")
        _ = try folder.write(
            facts.replacing("NOW", with: "\(now)").replacing("\"unit\": 9", with: "\"unit\": 3"),
            to: "data/learned.json")
        let refused = try await Program.run("explain", "main-meter", "electrical/voltage-l2", "--config", path)
        #expect(refused.output.contains("not now: the unit refuses it, and its reading is bad each time"))
        let fact = "input 2 to 3 is refused, so it is not asked for (exception 2 (illegal data address))"
        #expect(refused.output.contains("learned      \(fact); tried again in 24 h"), "\(refused.output)")
        let other = try await Program.run("explain", "main-meter", "electrical/voltage-l1", "--config", path)
        #expect(other.output.contains("with input 0 to 1 in one request"), "\(other.output)")
        #expect(other.output.contains("21 input registers in one request are refused, 20 are answered"))
        #expect(!other.output.contains("input 2 to 3 is refused"))
    }

    @Test func `a damaged fact file is told, set aside by the agent, and keeps nothing from working`() async throws {
        let folder = try TemporaryFolder()
        let path = try site(port: "1", in: folder)
        for text in ["{", "", "[]", #"{"learned": 2, "facts": []}"#, Self.facts.replacing("NOW", with: "-1")] {
            let file = try folder.write(text, to: "data/learned.json")
            let check = try await Program.run("check", "--config", path, "--plan")
            #expect(check.code == 0)
            let isSound = text.contains("VERSION")
            #expect(check.output.contains("What the agent learned so far is not in this plan:") != isSound)
            guard !isSound else { continue }
            let outcome = try await Subprocess.run(
                .name("env"), arguments: Arguments([Program.path, "run", "--config", path]), input: .none,
                output: .discarded, error: .sequence
            ) { execution in
                for try await line in execution.standardError.strings() where line.contains("Running") { break }
                await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))])
            }
            guard case .exited(0) = outcome.terminationStatus else {
                Issue.record("it ended with \(outcome.terminationStatus)")
                continue
            }
            #expect(FileManager.default.fileExists(atPath: file + ".damaged"))
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test(.enabled(if: SharedFolder.has("faults/modbus_chaos.py")))
    func `D01: a 32-bit value whose halves move together never comes in unequal halves`() async throws {
        let folder = try TemporaryFolder()
        let points = (0..<12).map { index in
            #"{"name": "twin\#(index)", "unit": 1, "addr": \#(index * 2), "kind": "twin", "rate": 1000}"#
        }
        let model = try folder.write("[\(points.joined(separator: ","))]", to: "model.json")
        let profile = try folder.write(
            """
            profile: acme-twins
            version: 1.0.0
            manufacturer: Acme
            model: Twins
            protocol: modbus
            addressing: zero-based
            limits: {registersPerRequest: 5}
            defaults: {mostSignificantByte: true, mostSignificantWord: true, timeoutMs: 500, intervalMs: 1000}
            points:
            \((0..<12).map { """
              - {signal: test/twin-\($0), entity: HoldingRegister, address: \($0 * 2), wireType: uint32, \
            kind: measurement, quantityKind: "http://qudt.org/vocab/quantitykind/Dimensionless", unit: {ucum: "1"}}
            """ }.joined(separator: "\n"))

            """, to: "twins.yaml")
        struct Machine: Decodable {
            struct Signal: Decodable {
                var quality: String
                var words: [UInt16]
            }
            var signals: [Signal]
        }
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--model", model]) { device in
            var seen: Set<[UInt16]> = []
            for _ in 0..<15 {
                let outcome = try await Program.run(
                    "read", "--bus", "tcp://127.0.0.1:\(device.port)", "--unit", "1", "--profile", profile, "--json")
                #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
                for machine in try JSONDecoder().decode([Machine].self, from: Data(outcome.output.utf8)) {
                    #expect(machine.signals.count == 12)
                    for signal in machine.signals {
                        #expect(signal.quality == "good" && signal.words.count == 2)
                        #expect(signal.words.first == signal.words.last, "torn: \(signal.words)")
                        seen.insert(signal.words)
                    }
                }
            }
            #expect(seen.count > 15, "the twins move")
        }
    }
}
