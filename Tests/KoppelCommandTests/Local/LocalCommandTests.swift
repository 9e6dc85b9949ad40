import Foundation
import KoppelCore
import KoppelModbus
import Testing

@testable import KoppelAgent

/// The commands that look into a running agent, against one that runs, and against none.
@Suite(.timeLimit(.minutes(5)))
struct LocalCommandTests {
    private static let secret = "planted-9f31c7"

    private func site(in folder: borrowing TemporaryFolder, port: Int) throws -> String {
        #expect(chmod(try folder.write(Self.secret, to: "secret.txt"), 0o600) == 0)
        return try folder.write(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: ./data}
            buses: {hal-3: {url: "tcp://127.0.0.1:\(port)", timeout: 300ms}}
            machines:
              main-meter: {bus: hal-3, unit: 1, profile: eastron/sdm120, location: {area: hal-3}, every: 200ms}
            destinations:
              plant:
                url: mqtt://127.0.0.1:1
                user: box
                password: {file: ./secret.txt}
                publish: [meta, values, batches]
                share: all
            """, to: "site.yaml")
    }

    @Test func `without an agent, status and record say what to do and end with 69`() async throws {
        let folder = try TemporaryFolder()
        let site = try site(in: folder, port: 1_502)
        for command in [["status"], ["record", "--bus", "hal-3"]] {
            let outcome = try await Program.run(command + ["--config", site, "--profiles", Repository.devices])
            #expect(outcome.code == 69)
            #expect(outcome.errors.contains("no agent runs on this data folder"))
            #expect(outcome.errors.contains("koppel run"))
        }
    }

    @Test func `explain works from the files alone, and says what it then cannot know`() async throws {
        let folder = try TemporaryFolder()
        let site = try site(in: folder, port: 1_502)
        let outcome = try await Program.run([
            "explain", "main-meter", "electrical/frequency", "--config", site, "--profiles", Repository.devices,
        ])
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "explain-alone", replacing: folder.path)
    }

    @Test func `a machine or a signal that is not there is told with what is`() async throws {
        let folder = try TemporaryFolder()
        let site = try site(in: folder, port: 1_502)
        let machine = try await Program.run(["explain", "saw", "electrical/frequency", "--config", site])
        #expect(machine.code == 78)
        #expect(machine.errors.contains("In the site file: main-meter"))
        let signal = try await Program.run(["explain", "main-meter", "electrical/x", "--config", site])
        #expect(signal.code == 78)
        #expect(signal.errors.contains("no signal `electrical/x`"))
        let bus = try await Program.run(["record", "--bus", "../x", "--config", site])
        #expect(bus.code == 64)
    }

    /// A simulated meter, an agent that reads it, and `body` with the arguments that name the agent's site.
    private func withAgent(_ body: (_ site: [String], _ folder: String) async throws -> Void) async throws {
        let meter = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "1", "--profile", "eastron/sdm120"]
        _ = try await Program.serving(meter) { lines in
            let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
            let port = try #require(word.flatMap { Int($0.dropFirst("127.0.0.1:".count)) })
            let folder = try TemporaryFolder()
            let path = folder.path
            let site = ["--config", try site(in: folder, port: port), "--profiles", Repository.devices]
            try await Program.during(["run", "--config", site[1], "--log", "error"]) {
                let end = ContinuousClock.now + .seconds(60)
                while !FileManager.default.fileExists(atPath: path + "/data/koppel.sock") {
                    try #require(ContinuousClock.now < end, "the agent opens no socket")
                    // The file is the event, and nothing tells of it.
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await body(site, path)
            }
        }
    }

    /// The status as soon as it is what is waited for.
    private func status(
        of site: [String], until isSo: (StatusDocument) -> Bool
    ) async throws -> (Program.Outcome, StatusDocument) {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = try await Program.run(["status", "--json"] + site)
            let document = try JSONDecoder().decode(StatusDocument.self, from: Data(outcome.output.utf8))
            if isSo(document) { return (outcome, document) }
            try #require(ContinuousClock.now < end, "the status does not become what is waited for")
            // Each look is a question to the agent; nothing tells when to ask.
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func `a running agent shows how it is, what went over a bus, and what a signal said last`() async throws {
        try await withAgent { site, folder in
            let (status, document) = try await status(of: site) { $0.buses.first?.units.first?.state == "answering" }
            #expect(document.agent.id == "box-1")
            #expect(document.buses.map(\.id) == ["hal-3"])
            #expect(document.buses.first?.state == "open")
            let unit = try #require(document.buses.first?.units.first)
            #expect(unit.machines == ["main-meter"])
            #expect(unit.answers > 0)
            #expect(unit.medianMs != nil)
            // The destination is not there, which is a problem, and problems are exit code 1.
            #expect(document.destinations.first?.state == "away")
            #expect(document.problems.contains { $0.contains("destination plant is away") })
            #expect(status.code == 1)
            #expect(try await Program.run(["status", "--data", folder + "/data"]).output.contains("destination"))

            let file = folder + "/record.txt"
            let recorded = try await Program.run(
                ["record", "--bus", "hal-3", "--seconds", "1", "--out", file] + site)
            #expect(recorded.code == 0)
            let transcript = try Transcript(text: String(contentsOfFile: file, encoding: .utf8))
            #expect(transcript.entries.contains { transcript.request($0.event)?.unit == UnitID(1) })
            #expect(try await Program.run(["record", "--bus", "hal-3", "--out", file] + site).code == 74)
            let unknown = try await Program.run(["record", "--bus", "hal-4"] + site)
            #expect(unknown.code == 1)
            #expect(unknown.errors.contains("It polls: hal-3"))

            let replayed = try await Program.run(
                ["replay", file, "--profile", "eastron/sdm120", "--profiles", Repository.devices])
            #expect(replayed.code == 0)
            #expect(replayed.output.contains("electrical/current"))
            #expect(!replayed.output.contains(" bad "))

            let explained = try await Program.run(["explain", "main-meter", "electrical/frequency"] + site)
            #expect(explained.code == 0)
            #expect(explained.output.contains("quality      good"))

            // The same site, with the machine marked: what it says is never good.
            let text = try String(contentsOfFile: site[1], encoding: .utf8)
            let marked = folder + "/class.yaml"
            try text.replacing("unit: 1,", with: "unit: 1, simulated: true,").write(
                toFile: marked, atomically: true, encoding: .utf8)
            let taught = try await Program.run([
                "explain", "main-meter", "electrical/frequency", "--config", marked, "--profiles", Repository.devices,
            ])
            #expect(taught.output.contains("quality      uncertain, simulated"))
        }
    }

    @Test func `X01, X07, X12: a running agent listens nowhere, shows no secret, and its socket is its own`()
        async throws
    {
        try await withAgent { site, folder in
            var status = stat()
            #expect(stat(folder + "/data/koppel.sock", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let shown = try await Program.run(["status", "--json"] + site)
            let document = try JSONDecoder().decode(StatusDocument.self, from: Data(shown.output.utf8))
            let recorded = try await Program.run(["record", "--bus", "hal-3"] + site)
            let explained = try await Program.run(["explain", "main-meter", "electrical/current"] + site)
            for outcome in [shown, recorded, explained] {
                #expect(!(outcome.output + outcome.errors).contains(Self.secret))
            }
            // Every socket the process has, in the tables of the kernel: state 0A is listening.
            let sockets = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(document.agent.process)/fd")
                .compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(document.agent.process)/fd/\($0)")
                }
            for table in ["tcp", "tcp6"] {
                for line in try String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8).split(separator: "\n")
                    .dropFirst()
                {
                    let fields = line.split(separator: " ")
                    guard fields.count > 9, fields[3] == "0A" else { continue }
                    #expect(!sockets.contains("socket:[\(fields[9])]"))
                }
            }
        }
    }
}
