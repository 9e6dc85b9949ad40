import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CheckTests {
    private static let good = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}, shutdown: 2s}
        buses:
          hal-3: {url: "tcp://127.0.0.1:1502", timeout: 3s}
          meters: {url: "rtu:/dev/serial/by-id/none?baud=9600&format=8E1"}
        machines:
          main-meter: {bus: hal-3, unit: 1, profile: eastron/sdm630-v2, every: 1s}
          small: {bus: meters, unit: 5, profile: eastron/sdm120}

        """

    @Test func `a good site file ends with 0 and warns of a timeout above the shutdown limit`() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(Self.good, to: "koppel.yaml")
        let outcome = try await Program.run("check", "--config", site)
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "check-good", replacing: folder.path)
    }

    @Test func `P33: the plan of a site is shown`() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(Self.good, to: "koppel.yaml")
        let outcome = try await Program.run("check", "--config", site, "--plan")
        #expect(outcome.code == 0)
        #expect(!outcome.output.contains("\u{1B}"), "no colour when piped")
        try Golden.expect(outcome.output, is: "check-plan", replacing: folder.path)
    }

    @Test func `P17: the plan tells how many connections a bus takes: one for all units, none on a serial line`()
        async throws
    {
        let folder = try TemporaryFolder()
        let more = Self.good.replacing(
            "machines:\n", with: "machines:\n  second: {bus: hal-3, unit: 2, profile: eastron/sdm120}\n")
        let site = try folder.write(more, to: "koppel.yaml")
        let text = try await Program.run("check", "--config", site, "--plan").output
        #expect(text.components(separatedBy: "one connection to ").count == 2, "\(text)")
        #expect(text.contains("  one connection to 127.0.0.1:1502 for 2 units\n"), "\(text)")
        let json = try await Program.run("check", "--config", site, "--plan", "--json").output
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let plan = try #require(document["plan"] as? [String: Any])
        let buses = try #require(plan["buses"] as? [[String: Any]])
        #expect(buses.map { $0["connections"] as? Int } == [1, 0])
        #expect(buses.map { $0["units"] as? Int } == [2, 1])
    }

    @Test func `a Sparkplug destination is shown as the edge node that hosts will see`() async throws {
        let folder = try TemporaryFolder()
        let destinations = """
            destinations:
              scada: {url: "mqtt://127.0.0.1", dialect: sparkplug-b, sparkplug: {primary-host: ignition}, share: all}

            """
        let site = try folder.write(Self.good + destinations, to: "koppel.yaml")
        let outcome = try await Program.run("check", "--config", site)
        #expect(outcome.code == 0)
        #expect(
            outcome.output.contains(
                "destination scada: Sparkplug B edge node box-1 of group acme:hengelo, and sends only while the host ignition is online\n"
            ),
            "\(outcome.output)")
        let explained = try await Program.run("explain", "--config", site, "main-meter", "electrical/frequency")
        #expect(
            explained.output.contains("spBv1.0/acme:hengelo/DDATA/box-1/main-meter, metric electrical/frequency"),
            "\(explained.output)\(explained.errors)")
    }

    @Test func `the plan is one JSON document`() async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(Self.good, to: "koppel.yaml")
        let outcome = try await Program.run("check", "--config", site, "--plan", "--json")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let plan = try #require(document["plan"] as? [String: Any])
        #expect((plan["buses"] as? [Any])?.count == 2)
        #expect(plan["bytesPerReading"] as? Double == 12)
        #expect(document["errors"] as? Int == 0)
        #expect(document["warnings"] as? Int == 1)
    }

    @Test func `every issue of a bad site file is told at once, and it ends with 78`() async throws {
        let folder = try TemporaryFolder()
        let text = Self.good.replacing("bus: hal-3,", with: "bus: hal-4,").replacing("timeout: 3s", with: "timeout: 3")
            .replacing("eastron/sdm120", with: "eastron/sdm12")
        let site = try folder.write(text, to: "koppel.yaml")
        let outcome = try await Program.run("check", "--config", site)
        #expect(outcome.code == 78)
        try Golden.expect(outcome.output, is: "check-bad", replacing: folder.path)
    }

    @Test func `profiles named on the command line win over those of the site file`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/devices/acme", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: Repository.devices + "/eastron/sdm120.yaml", toPath: folder.path + "/devices/acme/meter.yaml")
        let text = Self.good.replacing("eastron/sdm120", with: "acme/meter")
            .replacing("shutdown: 2s", with: "shutdown: 5s, profiles: ./nothing-here")
        let site = try folder.write(text, to: "koppel.yaml")
        let without = try await Program.run("check", "--config", site)
        let with = try await Program.run("check", "--config", site, "--profiles", folder.path + "/devices")
        #expect(without.code == 78)
        #expect(with.code == 0)
    }
}
