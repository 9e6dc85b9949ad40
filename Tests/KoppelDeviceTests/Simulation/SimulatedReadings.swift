import KoppelConfig
import KoppelCore
import KoppelEngine
import Testing

/// A device of the library as the simulation serves it, read and decoded as the product does.
struct SimulatedReadings {
    let profile: DeviceProfile
    let points: [String: Point]
    private let device: SimulatedDevice

    init(_ device: Device, seed: UInt64 = 7) throws {
        profile = try #require(Device.library.load(device.id).profile)
        points = Dictionary(profile.points.map { ($0.signal.description, $0) }, uniquingKeysWith: { first, _ in first })
        self.device = SimulatedDevice(profile: profile, seed: seed)
    }

    /// What one signal says; what it needs is read with it.
    func decoded(_ point: Point, at seconds: Double) throws -> Decoded {
        let read = try [point] + point.companions.map { try #require(points[$0.description]) }
        var given: [RegisterTable: [UInt16: [UInt16]]] = [:]
        for point in read { given[point.table, default: [:]][point.address] = try words(point, seconds) }
        return try #require(decodeAll(points: read, words: given).first).decoded
    }

    /// `nil` if the profile has no such signal.
    func number(_ name: String, at seconds: Double) throws -> Double? {
        guard let point = points[name] else { return nil }
        let value = try #require(try decoded(point, at: seconds).value, "\(name) at \(seconds) s")
        return value.number ?? (value.isSet == true ? 1 : 0)
    }

    /// In V, A, W, var, VA, Wh, varh, Hz, bar, m3, m3/h, kg/h or s; `nil` if the profile has no such signal.
    func base(_ name: String, at seconds: Double) throws -> Measured? {
        guard let point = points[name], let number = try number(name, at: seconds) else { return nil }
        let perBase = SimulatedReadings.perBase[point.unit?.ucum ?? "1"] ?? 1
        return Measured(number / perBase, within: try step(point, number, at: seconds) / perBase)
    }

    /// The smallest difference that the registers of a signal can show.
    func step(_ point: Point, _ number: Double, at seconds: Double) throws -> Double {
        var step = abs(point.scaling.numerator) / point.scaling.denominator
        if let name = point.scaleRegister?.description {
            let exponent = Int(try #require(try self.number(name, at: seconds)))
            step = (0..<abs(exponent)).reduce(step) { step, _ in exponent > 0 ? step * 10 : step / 10 }
        }
        switch point.wire {
        case .float32: return Double(Float(number.magnitude).ulp)
        case .float64: return number.ulp
        default: return step
        }
    }

    /// The signals of this kind and unit, by name.
    func names(_ kind: SignalKind? = nil, unit: String...) -> [String] {
        profile.points.filter { point in
            (kind == nil || point.kind == kind) && (unit.isEmpty || unit.contains(point.unit?.ucum ?? "1"))
        }.map(\.signal.description)
    }

    private func words(_ point: Point, _ seconds: Double) throws -> [UInt16] {
        let even = profile.limits.evenAlignment && point.wire.registers % 2 != 0
        let outcome = device.answer(
            table: point.table, start: point.address, count: point.wire.registers + (even ? 1 : 0),
            at: .seconds(seconds))
        guard case .words(let words) = outcome else {
            Issue.record("\(point.signal) at \(seconds) s: \(outcome)")
            return [UInt16](repeating: 0, count: point.wire.registers)
        }
        return Array(words.prefix(point.wire.registers))
    }

    private static let perBase: [String: Double] = [
        "mV": 1e3, "kV": 1e-3, "mA": 1e3, "kW": 1e-3, "kV.A": 1e-3, "kV.A{reactive}": 1e-3, "kW.h": 1e-3,
        "MW.h": 1e-6, "kV.A.h{reactive}": 1e-3, "h": 1.0 / 3_600, "%": 100, "mm": 1e3,
    ]
}

/// A number with half of what its register cannot show, which grows as numbers are combined.
struct Measured {
    var value: Double
    var error: Double

    init(_ value: Double, within step: Double) {
        (self.value, error) = (value, step / 2)
    }

    private init(value: Double, error: Double) { (self.value, self.error) = (value, error) }

    static func * (left: Measured, right: Measured) -> Measured {
        Measured(
            value: left.value * right.value,
            error: left.value.magnitude * right.error + right.value.magnitude * left.error + left.error * right.error)
    }

    static func + (left: Measured, right: Measured) -> Measured {
        Measured(value: left.value + right.value, error: left.error + right.error)
    }

    /// True if both could be the same number; `slack` is allowed of the larger one besides, for rounding in between.
    func agrees(with other: Measured, slack: Double = 2e-6) -> Bool {
        (value - other.value).magnitude
            <= error + other.error + slack * max(value.magnitude, other.value.magnitude) + 1e-9
    }
}

/// Moments over a day: close together at first, then apart by what is no whole part of any round.
let momentsOfADay: [Double] =
    stride(from: 0.0, to: 120, by: 7.3).map { $0 } + stride(from: 150, to: 86_400, by: 1_937.7).map { $0 }
