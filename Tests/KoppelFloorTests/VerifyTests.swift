import KoppelTestKit
import Testing

/// `koppel verify`, the receiver that is not ours to the sender.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct VerifyTests {
    @Test func `it finds each kind of fault in streams that paho sends, and none in a sound one`() async throws {
        let faults = try await Scenario.faults("verify-finds-faults")
        #expect(faults.isEmpty, "\(faults)")
    }

    @Test func `P54: it says complete of a run with lost acknowledgements, a kill, an outage and a stop`() async throws
    {
        let faults = try await Scenario.faults("verified")
        #expect(faults.isEmpty, "\(faults)")
    }
}
