internal import KoppelCore

/// What a signal of a meter measures, found from its unit and its name.
struct ElectricalSignal: Sendable {
    private enum Quantity: Sendable {
        case voltage, lineVoltage, current, neutralCurrent, activePower, activeDemand, reactivePower, apparentPower
        case powerFactor, frequency, activeEnergy, reactiveEnergy
        /// Nothing flows back in this simulation.
        case exportedEnergy
    }

    private let quantity: Quantity
    /// 0 to 2, or `nil` for the whole.
    private let phase: Int?
    private let isMean: Bool
    /// From V, A, W, var, VA, Wh, varh and Hz to the signal's unit.
    private let factor: Double

    /// `nil` if the signal is not one of the grid side of a machine.
    init?(_ point: Point) {
        guard ["electrical", "energy", "power"].contains(String(point.signal.group)) else { return nil }
        let name = point.signal.description.dropFirst(point.signal.group.count + 1)
        let words = Set(name.split(separator: "-").map(String.init))
        guard words.isDisjoint(with: ["thd", "encoded", "dc", "max", "min", "tariff"]) else { return nil }
        phase = words.contains("l1") ? 0 : words.contains("l2") ? 1 : words.contains("l3") ? 2 : nil
        let isLine = words.contains("line") || words.intersection(["l1", "l2", "l3"]).count == 2
        isMean = words.contains("mean") || words.contains("avg") || words.contains("average")
        let isExport = words.contains("export")
        switch point.unit?.ucum {
        case "V", "mV", "kV": quantity = isLine ? .lineVoltage : .voltage
        case "A", "mA": quantity = words.contains("neutral") || words.contains("n") ? .neutralCurrent : .current
        case "W", "kW": quantity = words.contains("demand") ? .activeDemand : .activePower
        case "V.A", "kV.A": quantity = .apparentPower
        case "V.A{reactive}", "kV.A{reactive}": quantity = .reactivePower
        case "W.h", "kW.h", "MW.h": quantity = isExport ? .exportedEnergy : .activeEnergy
        case "kV.A.h{reactive}": quantity = isExport ? .exportedEnergy : .reactiveEnergy
        case "Hz": quantity = .frequency
        default:
            guard words.isSuperset(of: ["power", "factor"]) else { return nil }
            quantity = .powerFactor
        }
        factor =
            switch point.unit?.ucum.first {
            case "k": 1e-3
            case "M": 1e-6
            case "m": 1e3
            default: 1
            }
    }

    func value(_ load: ThreePhaseLoad, _ seconds: Double) -> Double { factor * base(load, seconds) }

    private func base(_ load: ThreePhaseLoad, _ seconds: Double) -> Double {
        func sum(_ amount: (ThreePhaseLoad.Phase) -> Double) -> Double {
            if let phase { return amount(load.phase(phase, seconds)) }
            let total = (0..<3).reduce(0) { $0 + amount(load.phase($1, seconds)) }
            return isMean ? total / 3 : total
        }
        func energy(_ amount: (Int) -> Double) -> Double { phase.map(amount) ?? amount(0) + amount(1) + amount(2) }
        switch quantity {
        case .voltage: return phase == nil && !isMean ? sum(\.voltage) / 3 : sum(\.voltage)
        // The phases run in turn, 120 degrees apart; their voltages differ by a percent at most.
        case .lineVoltage: return load.phase(phase ?? 0, seconds).voltage * 3.0.squareRoot()
        case .current: return sum(\.current)
        case .neutralCurrent: return sum(\.current) * 0.05
        case .activePower: return sum(\.active)
        case .activeDemand: return load.activeDemand(seconds)
        case .reactivePower: return sum(\.reactive)
        case .apparentPower: return sum(\.apparent)
        case .powerFactor:
            return phase == nil ? sum(\.active) / sum(\.apparent) : sum(\.powerFactor)
        case .frequency: return load.hertz(seconds)
        case .activeEnergy: return energy { load.activeEnergy($0, seconds) }
        case .reactiveEnergy: return energy { load.reactiveEnergy($0, seconds) }
        case .exportedEnergy: return 12_500
        }
    }
}
