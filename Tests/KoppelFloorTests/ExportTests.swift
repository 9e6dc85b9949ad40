import KoppelTestKit
import Testing

/// What a broker keeps of a machine besides its values, end to end.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct ExportTests {
    @Test func `3_11, 3_14, 3_15: exports lead to the registers, older descriptors stay, all goes with the machine`()
        async throws
    {
        let faults = try await Scenario.faults("exports")
        #expect(faults.isEmpty, "\(faults)")
    }
}
