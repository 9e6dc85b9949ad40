import KoppelCore
import Testing

/// Where the points of a SunSpec machine lie in a device whose models are known.
struct LocatedMachineTests {
    /// Model 1, an inverter that may be 101, 102 or 103, and strings that a device may lack.
    private static let layout = ModelLayout(models: [
        .init(ids: [1], length: 66), .init(ids: [103, 101, 102], length: 50),
        .init(ids: [160], length: 48, isOptional: true),
    ])

    private static func point(_ name: String, _ model: UInt16, _ offset: UInt16, scale: String? = nil) throws -> Point {
        let home = try #require(layout.example.models.first { $0.id == model })
        return Point(
            signal: try #require(SignalName(name)), table: .holdingRegister, address: home.address + offset,
            place: ModelPlace(model: model, offset: offset), wire: .uint16,
            scaleRegister: try scale.map { try #require(SignalName($0)) }, kind: .measurement)
    }

    private static func machine(device: Int = 1) throws -> MachineSettings {
        let points = [
            try point("identity/options", 1, 67), try point("electrical/power", 103, 14, scale: "scale/power"),
            try point("scale/power", 103, 15), try point("dc/current", 160, 19, scale: "scale/dc"),
            try point("scale/dc", 160, 2),
        ]
        var profile = DeviceProfile(
            id: try #require(Identifier("sunspec")), version: "1.0.0", manufacturer: "SunSpec", model: "Inverter",
            points: points, layout: layout)
        profile.limits.readableGaps = [layout.example.span]
        return MachineSettings(
            id: try #require(Identifier("roof")), bus: try #require(Identifier("net")), unit: UnitID(1),
            profile: profile, location: [], nameplate: Nameplate(manufacturer: "SunSpec", model: "Inverter"),
            points: points, modelDevice: device)
    }

    private static func addresses(_ located: LocatedMachine) -> [String: UInt16] {
        Dictionary(
            uniqueKeysWithValues: located.settings.points.enumerated().filter { located.absent[$0.offset] == nil }
                .map { ($1.signal.description, $1.address) })
    }

    @Test func `in the example device everything is where the profile says`() throws {
        let machine = try Self.machine()
        let located = machine.located(in: Self.layout.example)
        #expect(located == LocatedMachine(settings: machine))
    }

    @Test func `elsewhere everything moves with its model, and what the model lacks is not supported`() throws {
        let chain = ModelChain(base: 0, ids: [(1, 65), (64_001, 10), (101, 50)])
        let located = try Self.machine().located(in: chain)
        #expect(Self.addresses(located) == ["electrical/power": 95, "scale/power": 96])
        #expect(located.absent == [0: .notSupported, 3: .notSupported, 4: .notSupported])
        #expect(located.missing == [])
        #expect(located.settings.profile.limits.readableGaps == [chain.span])
        #expect(located.settings.profile.points.map(\.signal.description) == ["electrical/power", "scale/power"])
    }

    @Test func `a value goes with the signal that says whether it counts`() throws {
        var machine = try Self.machine()
        let status = try #require(SignalName("dc/current"))
        machine.points[0].validWhen = [
            ValidityRule(signal: status, accepted: [0], otherwise: .meaning(.sensorFault))
        ]
        let located = machine.located(in: ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]))
        #expect(located.absent == [0: .notSupported, 3: .notSupported, 4: .notSupported])
    }

    @Test func `a value behind the end of its model goes, and one without its scale`() throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 66), (103, 13), (160, 10)])
        let located = try Self.machine().located(in: chain)
        #expect(Self.addresses(located) == ["identity/options": 40_069, "scale/dc": 40_087])
        #expect(located.absent == [1: .notSupported, 2: .notSupported, 3: .notSupported])
    }

    @Test func `of a model that a device has twice the first is read, also if it is the shorter one`() throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 66), (103, 50), (160, 8), (160, 48), (101, 50)])
        let located = try Self.machine().located(in: chain)
        #expect(Self.addresses(located)["electrical/power"] == 40_084)
        #expect(Self.addresses(located)["scale/dc"] == 40_124)
        #expect(located.absent == [3: .notSupported] && located.missing.isEmpty)
    }

    @Test func `several inverters behind one model 1: the first is read, and there is no second to ask for`() throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 66), (103, 50), (103, 50)])
        #expect(Self.addresses(try Self.machine().located(in: chain))["electrical/power"] == 40_084)
        let second = try Self.machine(device: 2).located(in: chain)
        #expect(second.missing == [1, 103] && Self.addresses(second).isEmpty)
    }

    @Test func `a model of no length has no values`() throws {
        let located = try Self.machine().located(in: ModelChain(base: 0, ids: [(1, 66), (103, 0), (160, 48)]))
        #expect(located.absent == [1: .notSupported, 2: .notSupported])
        #expect(Set(Self.addresses(located).keys) == ["identity/options", "dc/current", "scale/dc"])
    }

    @Test func `without the model that makes it an inverter it is another device`() throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 66), (203, 105)])
        let located = try Self.machine().located(in: chain)
        #expect(located.missing == [103])
        #expect(located.absent[1] == .configError && located.absent[3] == .notSupported)
        #expect(
            "\(LayoutNews(chain, for: located))".hasPrefix(
                "the profile reads SunSpec model 103, and this unit has no such device"))
        #expect(LocatedMachine.unlocated(try Self.machine()).absent.values.allSatisfy { $0 == .configError })
    }

    @Test func `of several devices the first one that fits is read, or the one that is asked for`() throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 65), (203, 105), (1, 65), (103, 50), (1, 66), (102, 50)])
        let models = chain.models.map(\.address)
        #expect(
            Self.addresses(try Self.machine().located(in: chain)) == [
                "electrical/power": models[3] + 14, "scale/power": models[3] + 15,
            ])
        let second = try Self.machine(device: 2).located(in: chain)
        #expect(Self.addresses(second)["identity/options"] == models[4] + 67)
        #expect(Self.addresses(second)["electrical/power"] == models[5] + 14)
        let third = try Self.machine(device: 3).located(in: chain)
        #expect(third.missing == [1, 103] && Self.addresses(third).isEmpty)
    }
}
