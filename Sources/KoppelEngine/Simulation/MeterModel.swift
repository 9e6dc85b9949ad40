internal import KoppelCore

/// A meter on a three-phase load, or on one phase of it. Nothing flows back: what was exported, stands still.
struct MeterModel: PhysicalModel {
    let load: ThreePhaseLoad
    /// The first phase is the whole.
    let isSinglePhase: Bool

    /// What a tariff, a process and a partial counter have counted of all that the meter has.
    private static let partial = 0.2

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        switch traits.group {
        case "electrical", "energy", "power": break
        case "status", "counters": return beside(point, traits)
        default: return nil
        }
        guard let amount = amount(traits) else { return nil }
        let perBase = traits.quantity == .share || traits.quantity == .number ? 1 : traits.perBase
        if traits.hasAny("max", "peak", "min") {
            // A little beyond what it ever gets, as it was before the simulation began.
            let values = stride(from: 0, to: ThreePhaseLoad.period, by: 20).map(amount)
            let end = traits.has("min") ? (values.min() ?? 0) * 0.99 : (values.max() ?? 0) * 1.02
            return .constant(end * perBase)
        }
        return .number { amount($0) * perBase }
    }

    /// In V, A, W, var, VA, Wh, varh, VAh, Hz, degrees, or as a factor.
    private func amount(_ traits: SignalTraits) -> (@Sendable (Double) -> Double)? {
        let (load, phases) = (load, phases(traits))
        let isWhole = phases.count > 1
        @Sendable func sum(_ each: (ThreePhaseLoad.Phase) -> Double, _ seconds: Double) -> Double {
            phases.reduce(0) { $0 + each(load.phase($1, seconds)) }
        }
        @Sendable func together(_ seconds: Double) -> ThreePhaseLoad.Phase {
            isWhole ? load.whole(seconds) : load.phase(phases[0], seconds)
        }
        let count = Double(phases.count)
        let isMean = traits.hasAny("mean", "avg", "average")
        let flowsBack = traits.has("export")
        let isDemand = traits.has("demand")
        switch traits.quantity {
        case .voltage:
            guard traits.has("line") || traits.pair != nil else { return { sum(\.voltage, $0) / count } }
            guard let first = traits.pair else {
                return { seconds in (0..<3).reduce(0) { $0 + load.lineVoltage($1, seconds) } / 3 }
            }
            return { load.lineVoltage(first, $0) }
        case .current where traits.hasAny("neutral", "n"): return { load.neutralCurrent($0) }
        case .current where isDemand: return { demand($0, phases).current / (isMean ? count : 1) }
        case .current: return { sum(\.current, $0) / (isMean ? count : 1) }
        case .activePower, .apparentPower, .reactivePower:
            if flowsBack { return { _ in 0 } }
            let kind = traits.quantity
            return { seconds in
                let phase = isDemand ? demand(seconds, phases) : together(seconds)
                let power =
                    kind == .activePower ? phase.active : kind == .reactivePower ? phase.reactive : phase.apparent
                return power / (isMean ? count : 1)
            }
        case .frequency: return { load.hertz($0) }
        case .activeEnergy, .reactiveEnergy: return energy(traits, phases, isActive: traits.quantity == .activeEnergy)
        case .apparentEnergy:
            // Of a load whose power factor hardly changes.
            let (active, reactive) = (energy(traits, phases, isActive: true), energy(traits, phases, isActive: false))
            return { (active($0) * active($0) + reactive($0) * reactive($0)).squareRoot() }
        case .angle: return { turns(ofCosine: together($0).powerFactor) * 360 }
        case .share where traits.isPowerFactor: return { together($0).powerFactor * 100 }
        case .number where traits.isPowerFactor: return { together($0).powerFactor }
        default: return nil
        }
    }

    private func phases(_ traits: SignalTraits) -> [Int] {
        isSinglePhase ? [0] : traits.phase.map { [$0] } ?? [0, 1, 2]
    }

    /// The mean of the last quarter of an hour.
    private func demand(_ seconds: Double, _ phases: [Int]) -> ThreePhaseLoad.Phase {
        func mean(_ energy: (Int, Double) -> Double) -> Double {
            phases.reduce(0) { $0 + energy($1, seconds) - energy($1, seconds - 900) } * 4
        }
        return ThreePhaseLoad.Phase(
            voltage: 230, active: mean(load.activeEnergy), reactive: mean(load.reactiveEnergy))
    }

    private func energy(
        _ traits: SignalTraits, _ phases: [Int], isActive: Bool
    ) -> @Sendable (Double) -> Double {
        let load = load
        let tariff: SwitchedTime? =
            traits.has("t1") ? .firstTariff : traits.has("t2") ? .secondTariff : traits.has("process") ? .process : nil
        // What was on the meter before the simulation began.
        var before = phases.reduce(0) { $0 + (isActive ? load.activeBefore($1) : load.reactiveBefore($1)) }
        var exported = 12_500 * Double(phases.count)
        if tariff != nil || traits.has("partial") {
            (before, exported) = (before * Self.partial, exported * Self.partial)
        }
        // The first quadrant is the one of a load that draws active and reactive power.
        if traits.hasAny("export", "q2", "q3", "q4") { return { [exported] _ in exported } }
        before += traits.has("sum") ? exported : traits.has("net") ? -exported : 0
        @Sendable func counted(_ seconds: Double) -> Double {
            phases.reduce(0) { $0 + (isActive ? load.activeEnergy($1, seconds) : load.reactiveEnergy($1, seconds)) }
        }
        return { [before] seconds in before + (tariff?.part(of: counted, seconds) ?? counted(seconds)) }
    }

    /// What such a meter shows of tariffs and of a process.
    private func beside(_ point: Point, _ traits: SignalTraits) -> Behaviour? {
        switch traits.name {
        case "tariff" where Set(point.enumeration.values).isSuperset(of: ["tariff-1", "tariff-2"]):
            let keys = ["tariff-1", "tariff-2"].compactMap { name in point.enumeration.first { $0.value == name }?.key }
            return .raw { SwitchedTime.firstTariff.isOn($0) ? keys[0] : keys[1] }
        case "process-measurement": return .raw { SwitchedTime.process.isOn($0) ? 1 : 0 }
        case "process-runtime":
            // As long as the energy of the process took so far, at the power of a usual hour.
            let hour = (0..<3).reduce(0) { $0 + load.activeEnergy($1, ThreePhaseLoad.period) }
            let energy = (0..<3).reduce(0) { $0 + load.activeBefore($1) } * MeterModel.partial
            let before = energy / hour * ThreePhaseLoad.period
            return .number { (before + SwitchedTime.process.part(of: { $0 }, $0)) * traits.perBase }
        default: return nil
        }
    }
}

extension SignalTraits {
    /// 0 for L1-L2, 1 for L2-L3, 2 for L3-L1.
    fileprivate var pair: Int? {
        has("l1", "l2") ? 0 : has("l2", "l3") ? 1 : has("l3", "l1") ? 2 : nil
    }

    fileprivate var isPowerFactor: Bool { has("power", "factor") || has("cos", "phi") }
}

/// The first quarter of a turn that has this cosine, 0 to 1.
func turns(ofCosine value: Double) -> Double {
    var (low, high) = (0.0, 0.25)
    for _ in 0..<40 {
        let middle = (low + high) / 2
        if cosine(turns: middle) > value { low = middle } else { high = middle }
    }
    return low
}
