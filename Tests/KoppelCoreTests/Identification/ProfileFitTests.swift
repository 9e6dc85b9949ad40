import KoppelCore
import Testing

struct ProfileFitTests {
    private func profile(_ places: [(String, UInt16, String?)]) throws -> DeviceProfile {
        DeviceProfile(
            id: try #require(Identifier("test")), version: "1.0.0", manufacturer: "Test", model: "Meter",
            points: try places.map { name, address, unit in
                Point(
                    signal: try #require(SignalName("electrical/\(name)")), table: .inputRegister, address: address,
                    wire: .uint16, scaling: Scaling(scale: 0.1, offset: 0), kind: .measurement,
                    unit: unit.flatMap { UnitOfMeasure(ucum: $0) })
            })
    }

    private func answers(_ values: [UInt16: UInt16]) throws -> [ReadRequest: [UInt16]] {
        Dictionary(
            uniqueKeysWithValues: try values.map { address, word in
                (
                    try #require(ReadRequest(unit: UnitID(1), table: .inputRegister, start: address, count: 1)),
                    [word]
                )
            })
    }

    @Test func `P48: a profile fits by what is plausible, and the one that explains more comes first`() throws {
        let small = ProfileFit(profile: "a/small", try profile([("voltage", 0, "V")]))
        let large = ProfileFit(
            profile: "b/large", try profile([("voltage-l1", 0, "V"), ("frequency", 1, "Hz"), ("current", 2, "A")]))
        let other = ProfileFit(profile: "c/other", try profile([("voltage", 5, "V"), ("frequency", 6, "Hz")]))
        #expect(large.points.count == 2, "a current can be anything, so it tells nothing")
        let words = try answers([0: 2_305, 1: 500, 5: 0, 6: 500])
        let verdicts = ProfileFit.ranked([small, large, other].compactMap { $0.verdict(words, unit: UnitID(1)) })
        #expect(verdicts.map(\.profile) == ["b/large", "a/small", "c/other"])
        #expect(verdicts.map(\.plausible) == [2, 1, 1])
        #expect(verdicts[0].evidence[0].value == .double(230.5))
    }

    @Test func `a device that refuses everything fits nothing, and zero is no voltage`() throws {
        let meter = ProfileFit(profile: "a/small", try profile([("voltage", 0, "V")]))
        #expect(meter.verdict([:], unit: UnitID(1)) == nil)
        #expect(meter.verdict(try answers([0: 0]), unit: UnitID(1)) == nil)
    }
}
