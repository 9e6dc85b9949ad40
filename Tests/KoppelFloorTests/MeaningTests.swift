import KoppelTestKit
import Testing

/// What machines do becomes states, alarms, counter events and windows, and none of it is lost.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct MeaningTests {
    @Test func `A01, U02, D02, D03: an outage or a kill loses no event, and a repeat has the same id`() async throws {
        try await expectSound("meaning")
    }

    @Test func `3_6, F03: a machine that falls silent is unknown and never off`() async throws {
        try await expectSound("meaning-lost")
    }

    private func expectSound(_ scenario: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
