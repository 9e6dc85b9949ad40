import KoppelCore
import Testing

@testable import KoppelJournal

/// What the journal keeps of machines, for the time when the site file names them no more.
@Suite(.timeLimit(.minutes(5)))
struct FormerMachineTests {
    private func description(_ number: Int, rev: UInt32) throws -> MachineDescription {
        let signal = SignalDescription(
            number: SignalNumber(rawValue: 3), name: try #require(SignalName("electrical/voltage")),
            label: ["nl": "Spanning", "en": "Voltage"], kind: .counter, quantityKind: "kind",
            unit: UnitOfMeasure(ucum: "V"), dataType: .uint32, semanticIDs: ["a"], range: Band(low: 207, high: 253.5),
            enumeration: [0: "uit", -1: "aan"],
            counter: CounterRule(modulus: 65_536, reset: .powerCycle, maxRatePerSecond: 3, counts: .energy),
            interval: .milliseconds(200), staleAfter: .seconds(1), badAfter: .seconds(10), deadband: 0.1)
        return MachineDescription(
            number: MachineNumber(rawValue: number), id: Sample.id("press"), urn: "urn:uuid:x", rev: rev,
            issued: Sample.time(1), title: ["nl": "Pers"],
            location: [LocationLevel(level: "Enterprise", id: Sample.id("acme"), name: "Acme")],
            nameplate: Nameplate(manufacturer: "Acme", model: "P1"), fieldProtocol: .rtu, profile: Sample.id("acme-p1"),
            profileVersion: "1.0.0", signals: [signal], hasState: true, alarms: [Sample.id("too-hot")])
    }

    @Test func `each revision of a machine is kept whole, over a restart and a crash`() async throws {
        let world = try World()
        let journal = try await world.open()
        let kept = [try description(0, rev: 1), try description(0, rev: 2), try description(1, rev: 1)]
        for one in kept.reversed() + kept { try await journal.keep(one) }
        #expect(try await journal.descriptions() == kept)
        let after = try World(crashOf: world)
        try await journal.close()
        let found = try await after.open()
        #expect(try await found.descriptions() == kept)
        try await found.close()
    }

    @Test func `of a machine that changes all the time the newest sixteen revisions are kept`() async throws {
        let world = try World()
        let journal = try await world.open()
        for rev in 1...40 { try await journal.keep(try description(0, rev: UInt32(rev))) }
        #expect(try await journal.descriptions().map(\.rev) == Array(25...40))
        try await journal.close()
    }
}
