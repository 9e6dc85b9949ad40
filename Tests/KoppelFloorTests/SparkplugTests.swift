import KoppelTestKit
import Testing

/// An independent Sparkplug host before the real agent over a real broker: births, data, deaths and rebirths as the
/// specification has them, and every value the machines counted, whatever happens in between.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus, jsonschema or tahu", { await Scenario.hasLibraries(and: "tahu") }))
struct SparkplugTests {
    @Test(arguments: ["sparkplug", "sparkplug-half-open"])
    func `P74, P75, P76, P77: a Sparkplug host gets everything, and its order holds`(scenario: String) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)")
    }
}
