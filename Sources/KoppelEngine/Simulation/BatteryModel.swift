internal import KoppelCore

/// A battery that is discharged, charged and left alone in turn: its charge is what went in less what went out, current
/// times voltage is its power. Power and current are positive while it delivers.
struct BatteryModel: PhysicalModel {
    let cycle: WorkCycle
    /// W.
    private let power: Trajectory
    /// Wh when full.
    private let capacity: Double
    private let chargeAtBegin: Double
    private let cyclesBefore: Double

    init(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed, name: "battery")
        let cycle = WorkCycle(seed: seed, period: 900...1_200)
        self.cycle = cycle
        let peak = Double.random(in: 2_500...4_000, using: &numbers)
        // As much goes in as comes out, and nothing while the cycle rests.
        let charging = -0.4 / 0.39
        let knots: [(Double, Double)] = [
            (0, 0.5), (0.03, 1), (0.38, 1), (0.41, 0), (0.44, charging), (0.78, charging), (0.85, 0), (0.95, 0),
            (1, 0.5),
        ]
        power = Trajectory(
            knots.map { (time: $0.0 * cycle.pace.period, value: $0.1 * peak) }, offset: cycle.offset)
        capacity = 5_000
        chargeAtBegin = Double.random(in: 0.55...0.7, using: &numbers)
        cyclesBefore = Double.random(in: 100...600, using: &numbers).rounded()
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        let perBase = traits.perBase
        switch (traits.group, traits.name) {
        case ("status", "charge-state"): return chargeState(point)
        case ("storage", _):
            guard point.enumeration.isEmpty else { return nil }
            switch traits.quantity {
            case .share where traits.has("health"): return .constant(97)
            case .share where traits.has("discharge"): return .number { 100 * (1 - charge($0)) }
            case .share where traits.has("max"): return .constant(95)
            case .share where traits.has("min"): return .constant(5)
            case .share: return .number { 100 * charge($0) }
            case .activeEnergy where traits.has("capacity"): return .constant(capacity * perBase)
            case .activeEnergy: return .number { capacity * charge($0) * perBase }
            case .current where traits.has("limit"): return .constant(100 * perBase)
            case .voltage where traits.has("limit"): return .constant((traits.has("high") ? 56 : 46) * perBase)
            // What it asks for itself, when it has to be charged out of turn.
            case .activePower where traits.has("requested"): return .constant(0)
            case .count where traits.hasAny("string", "module"): return .constant(1)
            case .count: return .number { cyclesBefore + cycle.starts($0) }
            default: return nil
            }
        case ("electrical", _) where InverterModel.isDirect(traits):
            let apart = traits.has("max") ? 0.012 : traits.has("min") ? -0.012 : 0
            switch traits.quantity {
            case .voltage where traits.has("cell"): return .number { (voltage($0) / 16 + apart) * perBase }
            case .voltage: return .number { voltage($0) * perBase }
            case .current: return .number { power.value($0) / voltage($0) * perBase }
            case .activePower: return .number { power.value($0) * perBase }
            default: return nil
            }
        default: return nil
        }
    }

    /// Of the capacity.
    private func charge(_ seconds: Double) -> Double {
        chargeAtBegin - power.integral(seconds) / 3_600 / capacity
    }

    /// Higher when full, lower under load.
    private func voltage(_ seconds: Double) -> Double {
        51.2 + 4 * (charge(seconds) - 0.5) - 0.0002 * power.value(seconds)
    }

    private func chargeState(_ point: Point) -> Behaviour? {
        func key(_ name: String) -> Int64? { point.enumeration.first { $0.value == name }?.key }
        guard let charging = key("charging"), let discharging = key("discharging"), let holding = key("holding")
        else { return nil }
        return .raw { seconds in
            let power = power.value(seconds)
            return power > 0 ? discharging : power < 0 ? charging : holding
        }
    }
}
