internal import KoppelCore

/// A solar inverter: the sun gives direct current, most of it is delivered to the grid in three equal phases, and the
/// energy counts. Its day is short, so that a lesson sees the evening and the morning too.
struct InverterModel: PhysicalModel {
    let cycle: WorkCycle
    let seed: UInt64
    let isSinglePhase: Bool
    /// The inputs on the roof, by their number in the names; 0 for the whole.
    private let strings: Set<Int>
    private let grid: ThreePhaseLoad
    /// W delivered when the sun is highest.
    private let peak: Double
    private let before: Double

    /// Seconds of a day, a third of it night. It is mid-morning at second 0.
    private static let day = 1_440.0
    private static let efficiency = 0.97
    /// var that its filter gives by day, so that the power factor falls with the sun.
    private static let reactive = 450.0
    private let cellVoltage: Wave

    init(seed: UInt64, isSinglePhase: Bool, points: [SignalTraits]) {
        var numbers = SeededNumbers(seed: seed, name: "inverter")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        self.seed = seed
        self.isSinglePhase = isSinglePhase
        strings = Set(points.filter { InverterModel.isDirect($0) }.compactMap(\.index))
        grid = ThreePhaseLoad(seed: seed)
        peak = random(6_000...9_000)
        before = random(2_000_000...9_000_000)
        cellVoltage = Wave(mean: random(580...640), amplitude: 12, period: random(70...120), phase: random(0...1))
        // Clouds pass: no two knots of the day get the same sun.
        let steps = 40
        let knots = (0...steps).map { step in
            let height = max(sine(turns: Double(step) / Double(steps) * 0.75), 0)
            return (
                time: InverterModel.day * Double(step) / Double(steps),
                value: height < 1e-9 ? 0 : height * random(0.75...1)
            )
        }
        cycle = WorkCycle(pace: Trajectory(knots, offset: InverterModel.day * 0.2))
    }

    /// True if the signal is about the direct current of the panels.
    static func isDirect(_ traits: SignalTraits) -> Bool {
        ["dc", "mppt", "pv", "solar"].contains(traits.group)
            || (["electrical", "energy", "power"].contains(traits.group)
                && traits.hasAny("dc", "mppt", "pv", "string"))
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        if InverterModel.isDirect(traits) { return direct(traits) }
        let (peak, cycle, grid, before) = (peak, cycle, grid, before)
        let perBase = traits.perBase
        switch traits.group {
        case "heat" where traits.quantity == .temperature && !traits.has("ambient"):
            var numbers = SeededNumbers(seed: seed, name: traits.name)
            let cool = Double.random(in: 25...31, using: &numbers)
            return .number { cool + 14 * cycle.pace.value($0) }
        case "identity" where traits.name == "dc-inputs": return .constant(Double(strings.count))
        case "electrical", "energy", "power": break
        default: return nil
        }
        let parts = isSinglePhase ? 1.0 : 3.0
        let share = traits.phase == nil ? 1 : 1 / parts
        let isImport = traits.has("import")
        /// One phase, or the whole.
        @Sendable func delivered(_ phase: Int, _ share: Double, _ seconds: Double) -> ThreePhaseLoad.Phase {
            let sun = isImport ? 0 : cycle.pace.value(seconds)
            return ThreePhaseLoad.Phase(
                voltage: grid.phase(phase, seconds).voltage, active: peak * share * sun,
                reactive: sun > 0 ? Self.reactive * share : 0)
        }
        @Sendable func powerFactor(_ seconds: Double) -> Double {
            let power = delivered(0, share, seconds)
            return power.apparent > 0 ? power.powerFactor : 1
        }
        switch traits.quantity {
        case .activePower: return .number { delivered(0, share, $0).active * perBase }
        case .reactivePower: return .number { delivered(0, share, $0).reactive * perBase }
        case .apparentPower: return .number { delivered(0, share, $0).apparent * perBase }
        case .current where traits.hasAny("neutral", "n"): return .constant(0)
        case .current:
            let phases = isSinglePhase ? [0] : traits.phase.map { [$0] } ?? [0, 1, 2]
            let count = traits.hasAny("mean", "avg", "average") ? Double(phases.count) : 1
            return .number { seconds in
                phases.reduce(0) { $0 + delivered($1, 1 / parts, seconds).current } / count * perBase
            }
        case .activeEnergy where isImport, .reactiveEnergy where isImport: return .constant(40_000 * share * perBase)
        case .activeEnergy: return .number { (before + peak * cycle.work($0) / 3_600) * share * perBase }
        case .reactiveEnergy:
            return .number { (before / 20 + Self.reactive * cycle.runningTime($0) / 3_600) * share * perBase }
        case .share where traits.has("power", "factor"): return .number { 100 * powerFactor($0) }
        case .number where traits.hasAny("cos", "factor"): return .number { powerFactor($0) }
        // Voltage and frequency are the grid's.
        default: return MeterModel(load: grid, isSinglePhase: isSinglePhase).behaviour(of: point, traits)
        }
    }

    private func direct(_ traits: SignalTraits) -> Behaviour? {
        let perBase = traits.perBase
        let share = traits.index == nil ? 1 : 1 / Double(max(strings.count, 1))
        let (peak, cycle, cellVoltage, before) = (peak, cycle, cellVoltage, before)
        @Sendable func power(_ seconds: Double) -> Double { peak * share * cycle.pace.value(seconds) / Self.efficiency }
        @Sendable func voltage(_ seconds: Double) -> Double {
            cycle.isRunning(seconds) ? cellVoltage.value(seconds) : 0
        }
        switch traits.quantity {
        case .activePower: return .number { power($0) * perBase }
        case .voltage: return .number { voltage($0) * perBase }
        case .current: return .number { cycle.isRunning($0) ? power($0) / voltage($0) * perBase : 0 }
        case .activeEnergy where traits.hasAny("absorbed", "import"): return .constant(40_000 * share * perBase)
        case .activeEnergy:
            return .number { (before + peak * cycle.work($0) / 3_600) * share / Self.efficiency * perBase }
        case .temperature: return .number { 22 + 25 * cycle.pace.value($0) }
        default: return nil
        }
    }
}
