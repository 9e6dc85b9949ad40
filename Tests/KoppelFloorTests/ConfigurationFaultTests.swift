import KoppelTestKit
import Testing

/// Wrong and changed files, parties we did not write, and the check itself.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct ConfigurationFaultTests {
    @Test
    func `A10, A15: the journal of a newer version stays as it is however often the agent starts, and it ends with 78`()
        async throws
    {
        try await expectSound("newer-journal")
    }

    @Test func `A19: a wrong site file shows all its issues and ends with 78`() async throws {
        try await expectSound("bad-site-file")
    }

    @Test func `A20: SIGHUP with a wrong file keeps the old one running`() async throws {
        try await expectSound("reload-bad-file")
    }

    @Test func `A21: a hundred SIGHUP in a second do no harm`() async throws {
        try await expectSound("reload-storm")
    }

    @Test func `A22: SIGHUP adds a machine under load; journal and cursors stay`() async throws {
        try await expectSound("reload-adds-machine")
    }

    @Test func `A22: SIGHUP takes a machine away; what was read of it still arrives`() async throws {
        try await expectSound("reload-removes-machine")
    }

    @Test func `X04: the check that no machine is written to can fail`() async throws {
        try await expectSound("write-is-seen")
    }

    @Test func `the account finds every kind of unsound delivery`() async throws {
        try await expectSound("check-can-fail")
    }

    @Test func `values come from pymodbus and arrive at mosquitto_sub`() async throws {
        try await expectSound("other-parties")
    }

    private func expectSound(_ scenario: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
