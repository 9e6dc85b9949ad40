import Foundation
import KoppelTestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct JournalInfoTests {
    @Test func `the journal is shown while the agent runs`() async throws {
        let folder = try TemporaryFolder()
        let simulate = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "1", "--profile", "eastron/sdm120"]
        _ = try await Program.serving(simulate) { lines in
            let words = lines.flatMap { $0.split(separator: " ") }
            let place = try #require(words.first { $0.hasPrefix("127.0.0.1:") })
            let site = try folder.write(
                """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: \(folder.path)/data}
                buses: {one: {url: "tcp://\(place)"}}
                machines: {meter: {bus: one, unit: 1, profile: eastron/sdm120, every: 200ms}}

                """, to: "koppel.yaml")
            try await withChildProcess(["env", Program.path, "run", "--config", site]) { _ in
                let document = try await info(site, untilReadings: 1)
                #expect(document["epoch"] as? Int == 1)
                #expect(document["dropped"] as? Int == 0)
                #expect((document["machines"] as? [[String: Any]])?.first?["id"] as? String == "meter")
                let text = try await Program.run("journal", "info", "--data", folder.path + "/data")
                #expect(text.code == 0)
                #expect(text.output.contains("meter"))
            }
        }
    }

    /// Asks until there are readings, for at most 20 s.
    private func info(_ site: String, untilReadings readings: Int) async throws -> [String: Any] {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = try await Program.run("journal", "info", "--config", site, "--json")
            if outcome.code == 0 {
                let document = try #require(
                    try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
                if (document["readings"] as? Int ?? 0) >= readings { return document }
            }
            try #require(ContinuousClock.now < deadline, "no readings: \(outcome.errors)")
            // Each look is a process of its own; nothing tells when to look.
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
