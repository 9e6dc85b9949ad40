internal import KoppelCore

/// What a signal is about, as far as its unit and its name tell.
struct SignalTraits: Sendable {
    enum Quantity: Sendable {
        case voltage, current, activePower, apparentPower, reactivePower, activeEnergy, reactiveEnergy, apparentEnergy
        case frequency, specificEnergy
        case temperature, pressure, volume, volumeFlow, mass, massFlow, velocity, acceleration, rotation, torque, angle
        case length, time, share, count, number
    }

    let group: String
    /// Without the group.
    let name: String
    let words: Set<String>
    let quantity: Quantity
    /// How many of the signal's unit are one V, A, W, var, VA, Wh, varh, VAh, Hz, bar, m3, m3/h, kg, kg/h, m/s, m/s2, turn a
    /// minute, N.m, degree, m, s or whole of a share.
    let perBase: Double
    let unit: String

    init(_ point: Point) {
        group = String(point.signal.group)
        name = String(point.signal.description.dropFirst(point.signal.group.count + 1))
        words = Set(name.split(separator: "-").map(String.init))
        unit = point.unit?.ucum ?? "1"
        (quantity, perBase) = SignalTraits.meanings[unit] ?? (.number, 1)
    }

    func has(_ words: String...) -> Bool { self.words.isSuperset(of: words) }
    func hasAny(_ words: String...) -> Bool { !self.words.isDisjoint(with: words) }

    /// 0 to 2 for L1, L2 and L3; `nil` for the whole and for what lies between two.
    var phase: Int? {
        let named = ["l1", "l2", "l3"].indices.filter { words.contains("l\($0 + 1)") }
        return named.count == 1 ? named[0] : nil
    }

    /// The first number in the name.
    var index: Int? { name.split(separator: "-").lazy.compactMap { Int($0) }.first }

    private static let meanings: [String: (Quantity, Double)] = [
        "V": (.voltage, 1), "mV": (.voltage, 1e3), "kV": (.voltage, 1e-3), "A": (.current, 1), "mA": (.current, 1e3),
        "uA": (.current, 1e6), "V.A.h": (.apparentEnergy, 1), "kV.A.h": (.apparentEnergy, 1e-3),
        "V.A.h{reactive}": (.reactiveEnergy, 1), "W.h/m3": (.specificEnergy, 1),
        "W": (.activePower, 1), "kW": (.activePower, 1e-3), "V.A": (.apparentPower, 1), "kV.A": (.apparentPower, 1e-3),
        "V.A{reactive}": (.reactivePower, 1), "kV.A{reactive}": (.reactivePower, 1e-3), "W.h": (.activeEnergy, 1),
        "kW.h": (.activeEnergy, 1e-3), "MW.h": (.activeEnergy, 1e-6), "MJ": (.activeEnergy, 3.6e-3),
        "kV.A.h{reactive}": (.reactiveEnergy, 1e-3), "Hz": (.frequency, 1), "Cel": (.temperature, 1),
        "K": (.temperature, 1), "bar": (.pressure, 1), "mbar": (.pressure, 1e3), "Pa": (.pressure, 1e5),
        "kPa": (.pressure, 100), "m3": (.volume, 1), "L": (.volume, 1e3), "m3/h": (.volumeFlow, 1),
        "L/min": (.volumeFlow, 1_000.0 / 60), "kg": (.mass, 1), "t": (.mass, 1e-3), "kg/h": (.massFlow, 1),
        "m/s": (.velocity, 1), "mm/s": (.velocity, 1e3), "m/min": (.velocity, 60), "m/s2": (.acceleration, 1),
        "/min": (.rotation, 1), "N.m": (.torque, 1), "deg": (.angle, 1), "m": (.length, 1), "mm": (.length, 1e3),
        "s": (.time, 1), "ms": (.time, 1e3), "h": (.time, 1.0 / 3_600), "%": (.share, 100), "{#}": (.count, 1),
        "1": (.number, 1),
    ]
}
