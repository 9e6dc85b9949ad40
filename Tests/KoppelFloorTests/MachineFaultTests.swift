import KoppelTestKit
import Testing

/// Machines misbehave: no wrong value gets through, all come back by themselves, and every hole is told.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Scenario.isReady, "\(Scenario.whyNot)"),
    .enabled("Python lacks paho-mqtt, pymodbus or jsonschema", { await Scenario.hasLibraries() }))
struct MachineFaultTests {
    @Test func `F03: a machine that takes requests and never answers is left and comes back`() async throws {
        try await expectSound("machine-half-open")
    }

    @Test func `F06: answers that drip in byte by byte end at their deadline`() async throws {
        try await expectSound("machine-dripping")
    }

    @Test func `F13, R07: an answer after its time is never taken for the next one on TCP`() async throws {
        try await expectSound("machine-late")
    }

    @Test func `F16: an answer from another unit is refused`() async throws {
        try await expectSound("machine-wrong-unit")
    }

    @Test func `F26: a dead unit leaves the others nine tenths of their rate`() async throws {
        try await expectSound("dead-unit")
    }

    @Test func `X20: a unit that uses its whole timeout each time leaves the others nine tenths of their rate`()
        async throws
    {
        try await expectSound("slow-unit")
    }

    @Test func `F24, P18: a unit that its gateway calls absent costs the others nothing`() async throws {
        try await expectSound("absent-unit")
    }

    @Test func `P01: of two hundred buses in one process none notices that one is dead`() async throws {
        try await expectSound("many-buses")
    }

    @Test func `R07: an answer after its time is never taken for the next one on a serial line`() async throws {
        try await expectSound("serial-late")
    }

    @Test func `R08: answers that come twice on a serial line bring no value of another register`() async throws {
        try await expectSound("serial-duplicate")
    }

    @Test func `R08: a second answer that comes when the line seems silent is not believed`() async throws {
        // A double that an adapter delivers later than 3.5 characters has the unit, function and length of the next answer
        // if both questions have one form, so the link listens longer before such a question.
        try await expectSound("serial-duplicate-later")
    }

    @Test func `SunSpec: the registers of eleven devices are found wherever they lie, and no other one is ever shown`()
        async throws
    {
        try await expectSound("sunspec-chains")
    }

    private func expectSound(_ scenario: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await Scenario.faults(scenario)
        #expect(faults.isEmpty, "\(faults)", sourceLocation: sourceLocation)
    }
}
