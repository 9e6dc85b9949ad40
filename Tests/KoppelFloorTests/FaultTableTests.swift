import KoppelTestKit
import Testing

/// One agent, and every fault of the catalogue that a machine or its line can have, one after the other. What the faulty
/// unit may say, how soon all is well, and what the others notice stands in `Scenarios/fault_table.py`.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct FaultTableTests {
    @Test func `F01 to F29: each fault on Modbus TCP is told for what it is, and all is well again`() async throws {
        try await expectSound("faults-tcp")
    }

    @Test func `R02 to R17: each fault of a serial line is told for what it is, and all is well again`() async throws {
        try await expectSound("faults-rtu")
    }

    @Test func `F25: where another master holds the only connection, the agent comes in later`() async throws {
        try await expectSound("one-connection")
    }

    @Test func `A14: random faults on fifty units for a while, and every reading is accounted for`() async throws {
        try await expectSound("soak")
    }

    @Test func `D01, D02, D03, D04, D10, F32: values that would deceive do not`() async throws {
        try await expectSound("values")
    }

    @Test func `F31, P28, P30: a hole in a merged read costs only its own point, and stays known over a restart`()
        async throws
    {
        try await expectSound("holes")
    }

    private func expectSound(_ scenario: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
