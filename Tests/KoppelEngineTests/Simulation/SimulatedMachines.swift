import KoppelCore
import Testing

@testable import KoppelEngine

/// Profiles for the tests of the simulation: a meter, a robot and an inverter with scale registers.
enum SimulatedMachines {
    static func point(
        _ name: String, _ wire: WireType, at address: UInt16, table: RegisterTable = .inputRegister,
        unit: String? = nil, scale: Double = 1, scaleRegister: String? = nil, sentinels: [Sentinel] = [],
        validWhen: [ValidityRule] = [],
        kind: SignalKind = .measurement, range: Band? = nil, limits: Band? = nil, states: [Int64: String] = [:],
        counter: CounterRule? = nil
    ) throws -> Point {
        Point(
            signal: try #require(SignalName(name)), table: table, address: address, wire: wire,
            scaling: Scaling(scale: scale, offset: 0),
            scaleRegister: try scaleRegister.map { try #require(SignalName($0)) },
            sentinels: sentinels, validWhen: validWhen, kind: kind,
            unit: try unit.map { try #require(UnitOfMeasure(ucum: $0)) },
            range: range, limits: limits, enumeration: states, counter: counter)
    }

    static func profile(_ id: String, limits: UnitLimits = UnitLimits(), points: [Point]) throws -> DeviceProfile {
        DeviceProfile(
            id: try #require(Identifier(id)), version: "1.0.0", manufacturer: "Acme", model: "Model X", limits: limits,
            points: points)
    }

    /// As an Eastron SDM630: floats from address 0, in the quantities the physics is tested on.
    static func meter() throws -> DeviceProfile {
        var points: [Point] = []
        for (index, phase) in ["l1", "l2", "l3"].enumerated() {
            let offset = UInt16(2 * index)
            points += [
                try point(
                    "electrical/voltage-\(phase)", .float32, at: offset, unit: "V", range: Band(low: 207, high: 253),
                    limits: Band(low: 0, high: 500)),
                try point("electrical/current-\(phase)", .float32, at: 6 + offset, unit: "A"),
                try point("electrical/active-power-\(phase)", .float32, at: 12 + offset, unit: "W"),
                try point("electrical/apparent-power-\(phase)", .float32, at: 18 + offset, unit: "V.A"),
                try point("electrical/reactive-power-\(phase)", .float32, at: 24 + offset, unit: "V.A{reactive}"),
                try point("electrical/power-factor-\(phase)", .float32, at: 30 + offset, unit: "1"),
            ]
        }
        let energy = CounterRule(modulus: nil, reset: .never, maxRatePerSecond: 0.05, counts: .energy)
        points += [
            try point("electrical/active-power", .float32, at: 36, unit: "W"),
            try point("electrical/frequency", .float32, at: 38, unit: "Hz", range: Band(low: 49.5, high: 50.5)),
            try point(
                "electrical/active-energy-import", .float64, at: 40, unit: "kW.h", kind: .counter, counter: energy),
            try point("electrical/voltage-l1-l2", .float32, at: 44, unit: "V"),
        ]
        return try profile("acme-meter", points: points)
    }

    static func robot() throws -> DeviceProfile {
        let modes: [Int64: String] = [
            0: "disconnected", 1: "confirm_safety", 2: "booting", 3: "power_off", 4: "power_on", 5: "idle",
            6: "backdrive", 7: "running",
        ]
        let holding = RegisterTable.holdingRegister
        return try profile(
            "acme-robot",
            limits: UnitLimits(readableGaps: [RegisterSpan(table: holding, addresses: 10...11)]),
            points: [
                try point("status/robot-mode", .uint16, at: 0, table: holding, kind: .state, states: modes),
                try point(
                    "safety/emergency-stop", .uint16, at: 1, table: holding, kind: .state, states: [0: "no", 1: "yes"]),
                try point(
                    "joints/base-position", .uint16, at: 2, table: holding, unit: "1", limits: Band(low: 0, high: 6_283)
                ),
                try point("joints/base-speed", .int16, at: 3, table: holding, unit: "1"),
                try point(
                    "joints/base-temperature", .uint16, at: 4, table: holding, unit: "Cel",
                    range: Band(low: 0, high: 70)),
                try point("io/input-0", .bit(0), at: 5, table: holding, kind: .event),
                try point("io/input-9", .bit(9), at: 5, table: holding, kind: .event),
                try point("io/word", .bits(lsb: 4, width: 4), at: 5, table: holding),
                try point("identity/model", .string(.highByteFirst, registers: 4), at: 6, table: holding, kind: .text),
                try point("status/power-on", .bool, at: 0, table: .coil, kind: .event),
                try point(
                    "counters/parts", .uint16, at: 12, table: holding, unit: "{#}", kind: .counter,
                    counter: CounterRule(modulus: 1_000, reset: .never, maxRatePerSecond: 20, counts: .all)),
            ])
    }

    static func inverter() throws -> DeviceProfile {
        let absent = Sentinel(pattern: .bits(0x8000), meaning: .notSupported)
        return try profile(
            "acme-inverter",
            points: [
                try point(
                    "electrical/active-power", .int16, at: 0, unit: "W", scaleRegister: "scale/power",
                    sentinels: [absent]),
                try point("scale/power", .int16, at: 1, unit: "1", sentinels: [absent]),
                try point("electrical/voltage-l1", .uint16, at: 2, unit: "V", scaleRegister: "scale/voltage"),
                try point("scale/voltage", .int16, at: 3, unit: "1", limits: Band(low: -2, high: 2)),
            ])
    }
}
