import KoppelTestKit
import Testing

/// Another party's broker, with everything on it listened to.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct SharingTests {
    @Test
    func
        `3_17, 3_18, A02: a hub sees exactly what its policy names, also after a kill, and each departure is written down`()
        async throws
    {
        let faults = try await Scenario.faults("share-with-hub")
        #expect(faults.isEmpty, "\(faults)")
    }
}
