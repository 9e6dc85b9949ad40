import KoppelTestKit
import Testing

/// The agent itself is killed, stopped, started twice, filled up and told wrong things.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct AgentFaultTests {
    @Test(arguments: ["process", "power"])
    func `A01, A02, A04, P54: kill -9 at any moment, with and without broker, loses nothing in silence`(
        durability: String
    ) async throws {
        try await expectSound("killed", "--durability", durability)
    }

    @Test func `A03: killed between PUBLISH and PUBACK it sends again`() async throws {
        try await expectSound("killed-before-acknowledgement")
    }

    @Test func `A07: SIGTERM ends it with 0 while machine and broker hang, and nothing is lost`() async throws {
        try await expectSound("stopped-while-all-hangs")
    }

    @Test func `A07: SIGTERM under load ends it with 0, and nothing is lost`() async throws {
        try await expectSound("stopped")
    }

    @Test func `A09: a second agent on the data folder ends with 69 and names the first`() async throws {
        try await expectSound("started-twice")
    }

    @Test func `S01: a full journal drops the oldest, says so, and goes on polling`() async throws {
        try await expectSound("full-journal")
    }

    @Test func `D09, P53, T10: a box that starts at 1970 keeps storing, and sends the right times once it knows them`()
        async throws
    {
        try await expectSound("boots-at-1970")
    }

    @Test func `D06, D07, D08: a date set back, set ten years ahead and the end of summer time lose nothing`()
        async throws
    {
        try await expectSound("clock-is-set")
    }

    @Test func `A05, A11, A13, A18: no reader of the log, no descriptors, no processor, no memory: nothing is lost`()
        async throws
    {
        try await expectSound("short-of-everything")
    }

    @Test func `A06, U20: what hangs in a call is told, others go on, and a stuck journal ends the watchdog`()
        async throws
    {
        try await expectSound("stuck-calls")
    }

    @Test func `A08: a box that stood still declares the gap and comes back without a burst`() async throws {
        try await expectSound("paused")
    }

    @Test func `A12: thirty units that fail ten times a second are a handful of log lines`() async throws {
        try await expectSound("quiet-log")
    }

    private func expectSound(
        _ scenario: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let faults = try await Scenario.faults(scenario, arguments)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
