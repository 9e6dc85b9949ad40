internal import KoppelCore

/// What a signal of a meter measures, found from its unit and its name.
struct ElectricalSignal: Sendable {
    private enum Quantity: Sendable {
        case voltage, lineVoltage, current, peakCurrent, neutralCurrent, activePower, activeDemand, peakPower
        case reactivePower, apparentPower, powerFactor, frequency, activeEnergy, reactiveEnergy
        /// Nothing flows back in this simulation.
        case exportedEnergy
    }

    private let quantity: Quantity
    /// 0 to 2, or `nil` for the whole.
    private let phase: Int?
    private let isMean: Bool
    private let isSum: Bool
    private let isPartial: Bool
    /// From V, A, W, var, VA, Wh, varh and Hz to the signal's unit.
    private let factor: Double

    /// `nil` if the signal is not one of a meter.
    ///
    /// `isSinglePhase` makes the first phase the whole.
    init?(_ point: Point, isSinglePhase: Bool) {
        guard ["electrical", "energy", "power"].contains(String(point.signal.group)) else { return nil }
        let name = point.signal.description.dropFirst(point.signal.group.count + 1)
        let words = Set(name.split(separator: "-").map(String.init))
        guard words.isDisjoint(with: ["thd", "dc", "min", "tariff"]) else { return nil }
        phase =
            words.contains("l1") || isSinglePhase ? 0 : words.contains("l2") ? 1 : words.contains("l3") ? 2 : nil
        let isLine = words.contains("line") || words.intersection(["l1", "l2", "l3"]).count == 2
        isMean = words.contains("mean") || words.contains("avg") || words.contains("average")
        isSum = words.contains("sum")
        isPartial = words.contains("partial")
        let isExport = words.contains("export")
        let isPeak = words.contains("max")
        switch point.unit?.ucum {
        case "V", "mV", "kV": quantity = isLine ? .lineVoltage : .voltage
        case "A", "mA":
            let isNeutral = words.contains("neutral") || words.contains("n")
            quantity = isPeak ? .peakCurrent : isNeutral ? .neutralCurrent : .current
        case "W", "kW": quantity = isPeak ? .peakPower : words.contains("demand") ? .activeDemand : .activePower
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
        func energy(_ meter: (Int, Double) -> Double) -> Double {
            (phase.map { [$0] } ?? [0, 1, 2]).reduce(0) { total, index in
                let sinceReset = meter(index, seconds) - (isPartial ? meter(index, 0) : 0)
                return total + sinceReset + (isSum ? ElectricalSignal.exported : 0)
            }
        }
        switch quantity {
        case .voltage: return phase == nil && !isMean ? sum(\.voltage) / 3 : sum(\.voltage)
        // The phases run in turn, 120 degrees apart; their voltages differ by a percent at most.
        case .lineVoltage: return load.phase(phase ?? 0, seconds).voltage * 3.0.squareRoot()
        case .current: return sum(\.current)
        case .neutralCurrent: return sum(\.current) * 0.05
        case .activePower: return sum(\.active)
        case .peakCurrent: return sum { _ in load.peakPower / 200 }
        case .activeDemand: return energy { load.activeDemand($0, $1) }
        case .peakPower: return sum { _ in load.peakPower }
        case .reactivePower: return sum(\.reactive)
        case .apparentPower: return sum(\.apparent)
        case .powerFactor:
            return phase == nil ? sum(\.active) / sum(\.apparent) : sum(\.powerFactor)
        case .frequency: return load.hertz(seconds)
        case .activeEnergy: return energy { load.activeEnergy($0, $1) }
        case .reactiveEnergy: return energy { load.reactiveEnergy($0, $1) }
        case .exportedEnergy: return energy { _, _ in ElectricalSignal.exported }
        }
    }

    /// Wh or varh per phase that flowed back before the simulation began.
    private static let exported = 12_500.0
}
