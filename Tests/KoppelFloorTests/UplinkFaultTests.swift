import KoppelTestKit
import Testing

/// The broker and the way to it fail while machines are polled: every reading arrives, in order, without a hole.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct UplinkFaultTests {
    @Test(arguments: [
        "broker-restart", "broker-killed", "broker-late", "uplink-half-open", "uplink-lost-acknowledgements",
        "uplink-flapping",
    ])
    func `A17, U01, U02, U03, U05, U16, U17, U28, U29: no reading is lost when the uplink fails`(scenario: String)
        async throws
    {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)")
    }

    @Test func `U18, U19, U27, P55, P57: three destinations come, change and go, and none holds up another`()
        async throws
    {
        let faults = try await Scenario.faults("three-destinations")
        #expect(faults.isEmpty, "\(faults)")
    }

    @Test func `P57: what brokers keep of a machine that went while the agent stood still is cleared`() async throws {
        let faults = try await Scenario.faults("removed-while-stopped")
        #expect(faults.isEmpty, "\(faults)")
    }

    @Test func `P56, P62: over bad networks and kill -9, koppel verify agrees with the machines at three brokers`()
        async throws
    {
        let faults = try await Scenario.faults("three-parties")
        #expect(faults.isEmpty, "\(faults)")
    }
}
