/// Which signals of a machine a window counts, and as what (data model 3.7 and 3.9).
package enum WindowAmounts {
    package struct Source: Hashable, Sendable {
        /// The index of the point.
        package var point: Int
        package var name: String
        package var unit: String
        /// What one unit of the signal is in ``unit``.
        package var factor: Double
        /// True if energy is the integral of power, since no counter is read.
        package var isIntegral: Bool
    }

    /// The production counters, one of each kind: the first there is.
    package static func counts(of points: [Point]) -> [Source] {
        var seen: Set<CounterRule.Counts> = []
        return points.indices.compactMap { index in
            guard points[index].published, let counts = points[index].counter?.counts, counts.isProduction,
                seen.insert(counts).inserted
            else { return nil }
            return Source(
                point: index, name: counts.rawValue, unit: points[index].unit?.ucum ?? "{#}", factor: 1,
                isIntegral: false)
        }
    }

    /// The energy counters by their names, `electrical/active-energy-import` say, and where electrical energy is not
    /// counted the integral of `electrical/active-power` in its place.
    package static func energy(of points: [Point]) -> [Source] {
        var found: [String: Source] = [:]
        for (index, point) in points.enumerated() where point.published && point.kind == .counter {
            guard let (kind, unit) = kind(of: point.signal), found[kind] == nil, let ucum = point.unit?.ucum,
                let factor = factors[unit]?[ucum]
            else { continue }
            found[kind] = Source(point: index, name: kind, unit: unit, factor: factor, isIntegral: false)
        }
        if found["active-import"] == nil, let index = points.firstIndex(where: isActivePower),
            let factor = powerFactors[points[index].unit?.ucum ?? ""]
        {
            found["active-import"] = Source(
                point: index, name: "active-import", unit: "kW.h", factor: factor, isIntegral: true)
        }
        return found.values.sorted { $0.name < $1.name }
    }

    private static func isActivePower(_ point: Point) -> Bool {
        point.published && point.kind == .measurement && point.signal.description == "electrical/active-power"
    }

    private static func kind(of signal: SignalName) -> (kind: String, unit: String)? {
        let name = signal.description.drop { $0 != "/" }.dropFirst()
        switch (String(signal.group), String(name)) {
        case ("electrical", "active-energy-import"), ("electrical", "active-energy"), ("energy", "import"):
            return ("active-import", "kW.h")
        case ("electrical", "active-energy-export"), ("energy", "export"): return ("active-export", "kW.h")
        case ("electrical", "reactive-energy-import"): return ("reactive-import", "kV.A.h{reactive}")
        case ("air", "volume"): return ("compressed-air", "m3")
        case ("water", "volume"): return ("water", "m3")
        case ("gas", "volume"): return ("gas", "m3")
        default: return nil
        }
    }

    private static let factors: [String: [String: Double]] = [
        "kW.h": ["W.h": 0.001, "kW.h": 1, "MW.h": 1_000],
        "kV.A.h{reactive}": ["V.A.h{reactive}": 0.001, "kV.A.h{reactive}": 1],
        "m3": ["m3": 1, "L": 0.001],
    ]

    private static let powerFactors = ["W": 0.001, "kW": 1, "MW": 1_000]
}

extension CounterRule.Counts {
    fileprivate var isProduction: Bool {
        switch self {
        case .all, .good, .bad, .cycles: true
        case .energy, .volume, .time: false
        }
    }
}
