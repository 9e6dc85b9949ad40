import Foundation
import KoppelTestKit
import Testing

/// `koppel journal tail`, `export` and `verify`, on the journal of an agent that runs.
@Suite(.timeLimit(.minutes(5)))
struct JournalCommandTests {
    @Test func `readings are shown, exported and checked while the agent runs`() async throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        let simulate = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "1", "--profile", "eastron/sdm120"]
        _ = try await Program.serving(simulate) { lines in
            let words = lines.flatMap { $0.split(separator: " ") }
            let place = try #require(words.first { $0.hasPrefix("127.0.0.1:") })
            let site = try folder.write(
                """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: \(data)}
                buses: {one: {url: "tcp://\(place)"}}
                machines: {meter: {bus: one, unit: 1, profile: eastron/sdm120, every: 100ms}}

                """, to: "koppel.yaml")
            try await withChildProcess(["env", Program.path, "run", "--config", site]) { _ in
                try await waitForReadings(site)
                try await expectTail(site)
                try await expectExport(site, in: folder.path)
                let verdict = try await Program.run("journal", "verify", "--config", site)
                #expect(verdict.code == 0 && verdict.output.hasPrefix("Sound: "), "\(verdict)")
            }
        }
        try await spoil(data + "/journal.db")
        let verdict = try await Program.run("journal", "verify", "--data", data)
        #expect(verdict.code == 1 && verdict.output.contains("NOT sound"), "\(verdict)")
        #expect(verdict.output.contains("does not fit its checksum"), "\(verdict)")
    }

    private func waitForReadings(_ site: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = try await Program.run("journal", "tail", "-n", "40", "--config", site)
            if outcome.code == 0, outcome.output.split(separator: "\n").count == 40 { return }
            try #require(ContinuousClock.now < deadline, "no readings: \(outcome.errors)")
            // Each look is a process of its own; nothing tells when to look.
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func expectTail(_ site: String) async throws {
        let tail = try await Program.run(
            "journal", "tail", "-n", "2", "--json", "--machine", "meter", "--signal", "electrical/v*", "--config", site)
        let lines = tail.output.split(separator: "\n")
        // What the start says, and the first reading.
        #expect(lines.count == 2)
        for line in lines {
            let reading = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(reading["kind"] as? String == "reading")
            #expect(reading["machine"] as? String == "meter")
            #expect((reading["signal"] as? String)?.hasPrefix("electrical/v") == true)
            #expect((reading["time"] as? String)?.count == 30)
        }
        let nobody = try await Program.run("journal", "tail", "--machine", "nobody", "--config", site)
        #expect(nobody.code == 1)
    }

    private func expectExport(_ site: String, in folder: String) async throws {
        let csv = try await Program.run("journal", "export", "--config", site, "--signal", "electrical/voltage")
        let rows = csv.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(csv.code == 0)
        let columns = "kind,time,to,machine,signal,value,quality,reason,statusCode,lost,epoch,seq,rev,clock,position"
        #expect(rows.first?.joined(separator: ",") == columns)
        #expect(rows.count > 2 && rows.allSatisfy { $0.count == 15 })
        // The first is what the start says, before anything was read.
        let waiting = try #require(rows.dropFirst().first)
        #expect(waiting[0] == "reading" && waiting[5].isEmpty && waiting[6] == "bad" && waiting[11] == "1")
        let value = try #require(rows.last.flatMap { Double($0[5]) })
        #expect((150...300).contains(value))
        let file = folder + "/out.jsonl"
        let later = ["--from", "2020-01-01", "--to", "2100-01-01T00:00:00.5Z"]
        let jsonl = try await Program.run(
            ["journal", "export", "--config", site, "--format", "jsonl", "--output", file] + later)
        #expect(jsonl.code == 0, "\(jsonl.errors)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for line in text.split(separator: "\n") { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        #expect(text.utf8.filter { $0 == UInt8(ascii: "\n") }.count > 40)
        let again = try await Program.run("journal", "export", "--config", site, "--output", file)
        #expect(again.code == 74, "a file that is there stays as it is")
        let none = try await Program.run("journal", "export", "--config", site, "--to", "2020-01-01")
        #expect(none.output.split(separator: "\n").count == 1)
    }

    /// Takes the middle record's content away, as a disk might.
    private func spoil(_ path: String) async throws {
        let python = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("update records set payload = zeroblob(20) where position = (select max(position) from records) / 2")
            db.commit()
            """
        _ = try await output(of: ["python3", "-c", python, path])
    }
}
