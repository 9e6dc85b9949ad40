import KoppelTestKit
import Testing

/// The journal's disk goes wrong while the agent runs, or somebody else keeps the journal for himself.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct JournalFaultTests {
    @Test func `S02: on a volume that turns read-only what is stored is delivered, and what is not is declared`()
        async throws
    {
        try await expectSound("disk-readonly")
    }

    @Test func `S03, S04: a journal overwritten while the agent runs is set aside, and what it held is declared`()
        async throws
    {
        try await expectSound("journal-damaged")
    }

    @Test func `S06: where a sync takes two seconds polling waits, and the slots are declared missed`() async throws {
        try await expectSound("slow-sync")
    }

    @Test func `S07: a journal that another program keeps locked is waited for, then he is named; export copies it`()
        async throws
    {
        try await expectSound("journal-locked")
    }

    @Test func `S10: what a reading costs on flash is stated, and the kernel counts about the same`() async throws {
        try await expectSound("disk-use")
    }

    @Test func `A22: a machine taken out of the site file before a start still has its readings delivered`()
        async throws
    {
        try await expectSound("restart-removes-machine")
    }

    private func expectSound(_ scenario: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
