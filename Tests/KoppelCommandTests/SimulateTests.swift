import Foundation
import Testing

/// A simulated machine, served and read over the real link.
@Suite(.timeLimit(.minutes(5)))
struct SimulateTests {
    private struct Machine: Decodable {
        struct Signal: Decodable {
            var signal: String
            var quality: String
            var reason: String?
            var words: [UInt16]
            var responseMs: Double?
        }
        var machine: String
        var failures: [String]
        var signals: [Signal]
    }

    private func machines(_ outcome: Program.Outcome) throws -> [Machine] {
        try JSONDecoder().decode([Machine].self, from: Data(outcome.output.utf8))
    }

    /// The port of a line such as `bus  127.0.0.1:40123  1  machine  Eastron SDM120`.
    private func port(of lines: [String]) throws -> String {
        let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
        return String(try #require(word).dropFirst("127.0.0.1:".count))
    }

    private let tcp = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "3", "--profile", "eastron/sdm630-v2"]

    @Test(arguments: ["tcp", "rtu+tcp"])
    func `a machine served over TCP is read with every signal good`(_ scheme: String) async throws {
        let served = try await Program.serving(tcp.map { $0.replacing("tcp://", with: "\(scheme)://") }) { lines in
            let bus = "\(scheme)://127.0.0.1:\(try port(of: lines))"
            let outcome = try await Program.run(
                "read", "--bus", bus, "--unit", "3", "--profile", "eastron/sdm630-v2", "--json")
            #expect(outcome.code == 0)
            let machine = try #require(try machines(outcome).first)
            #expect(machine.signals.count == 35)
            #expect(machine.signals.allSatisfy { $0.quality == "good" && $0.words.count == 2 && $0.responseMs != nil })
            let table = try await Program.run(
                "read", "--bus", bus, "--unit", "3", "--profile", "eastron/sdm630-v2", "--raw")
            #expect(table.code == 0)
            #expect(table.output.contains("electrical/voltage-l1"))
            #expect(table.output.contains("words"))
        }
        #expect(served.code == 0, "SIGTERM ends it in order")
    }

    @Test func `a unit that is not there ends a read with 1 and bad readings`() async throws {
        _ = try await Program.serving(tcp) { lines in
            let outcome = try await Program.run(
                "read", "--bus", "tcp://127.0.0.1:\(try port(of: lines))", "--unit", "4", "--profile",
                "eastron/sdm120", "--json")
            #expect(outcome.code == 1)
            let machine = try #require(try machines(outcome).first)
            #expect(!machine.failures.isEmpty)
            #expect(machine.signals.allSatisfy { $0.quality == "bad" && $0.words.isEmpty })
        }
    }

    @Test func `nobody at the port ends a read with 69`() async throws {
        let free = try await Program.serving(tcp) { lines in try port(of: lines) }.value
        let outcome = try await Program.run(
            "read", "--bus", "tcp://127.0.0.1:\(free)", "--unit", "4", "--profile", "eastron/sdm120")
        #expect(outcome.code == 69)
        #expect(outcome.errors.contains("connection refused"))
    }

    /// Two meters on a serial bus at the path `meters` of the folder; the second one with this mark behind its profile.
    private func site(in folder: borrowing TemporaryFolder, mark: String, bus: String = "") throws -> String {
        try folder.write(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses:
              meters: {url: "rtu:\(folder.path)/meters?baud=115200&format=8N1"\(bus)}
            machines:
              small: {bus: meters, unit: 5, profile: eastron/sdm120, simulated: true}
              other: {bus: meters, unit: 6, profile: schneider/iem3155\(mark)}

            """, to: "koppel.yaml")
    }

    @Test func `the buses of a site file are served at their own places, a serial one at its path`() async throws {
        let folder = try TemporaryFolder()
        let site = try site(in: folder, mark: ", simulated: true")
        let link = folder.path + "/meters"
        let served = try await Program.serving(["simulate", "--config", site]) { lines in
            #expect(lines.contains { $0.contains("\(link) (a link to /dev/pts/") })
            let outcome = try await Program.run("read", "--config", site, "--json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let machines = try machines(outcome)
            #expect(machines.map(\.machine) == ["small", "other"])
            #expect(machines.allSatisfy { $0.signals.allSatisfy { $0.quality == "uncertain" } })
            #expect(machines.allSatisfy { $0.signals.allSatisfy { $0.reason == "simulated" } }, "row 30")
            let second = try await Program.run("simulate", "--config", site)
            #expect(second.code == 69, "a path that is in use is left alone")
        }
        #expect(served.code == 0)
        #expect(!FileManager.default.fileExists(atPath: link), "the link is removed at the end")
    }

    @Test func `row 30: a machine that the site file does not mark as simulated is served with a warning`() async throws
    {
        let folder = try TemporaryFolder()
        let site = try site(in: folder, mark: "")
        let warned = try await Program.run("simulate", "--config", site, "--seconds", "0.1")
        #expect(warned.code == 0, "\(warned.errors)")
        #expect(warned.errors.contains("these machines are simulated: other. An agent"))
        let marked = try await Program.run("simulate", "--config", site, "--machine", "small", "--seconds", "0.1")
        #expect(marked.code == 0)
        #expect(marked.errors.isEmpty)
        let whole = try await Program.run(
            "simulate", "--config", self.site(in: folder, mark: "", bus: ", simulated: true"), "--seconds", "0.1")
        #expect(whole.code == 0 && whole.errors.isEmpty, "\(whole.errors)")
    }

    @Test func `it stops by itself after the seconds it was given`() async throws {
        let outcome = try await Program.run(tcp + ["--seconds", "0.2"])
        #expect(outcome.code == 0)
        #expect(outcome.output.hasSuffix("ready\n"))
    }
}
