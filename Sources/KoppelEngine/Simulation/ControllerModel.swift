internal import KoppelCore

/// A controller that holds an oven at its setpoint: the value swings about it, the output works against that, and both
/// fall while the oven stands by.
struct ControllerModel: PhysicalModel {
    let cycle: WorkCycle
    private let setpoint = 180.0
    private let swing: Wave
    /// How far the oven has cooled down, in degrees.
    private let cooled: Trajectory

    init(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed, name: "controller")
        let cycle = WorkCycle(seed: seed, period: 360...480)
        self.cycle = cycle
        swing = Wave(
            mean: 0, amplitude: 1.6, period: Double.random(in: 40...70, using: &numbers),
            phase: Double.random(in: 0...1, using: &numbers))
        let knots: [(Double, Double)] = [(0, 6), (0.15, 0), (0.85, 0), (0.96, 8), (1, 6)]
        cooled = Trajectory(knots.map { (time: $0.0 * cycle.pace.period, value: $0.1) }, offset: cycle.offset)
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        let (swing, cooled, setpoint) = (swing, cooled, setpoint)
        switch (traits.group, traits.name) {
        case ("status", "heating"): return .raw { output($0) > 0 ? 1 : 0 }
        case ("process", _): break
        default: return nil
        }
        guard point.enumeration.isEmpty, point.wire != .bool else { return nil }
        if traits.has("alarm") {
            // Above, then below, and never reached.
            return .constant(setpoint + (traits.index ?? 1 == 1 ? 20 : -20))
        }
        if traits.has("setpoint") || traits.has("ramp") {
            // The first setpoint is the one in use.
            return .constant(setpoint - 20 * Double(max((traits.index ?? 1) - 1, 0)))
        }
        if traits.has("cooling") { return .constant(0) }
        if traits.has("output") { return .number { output($0) } }
        switch traits.quantity {
        case .current: return .number { 0.1 * output($0) * traits.perBase }
        case .number, .temperature:
            let zero = traits.has("deviation") ? setpoint : 0
            return .number { setpoint + swing.value($0) - cooled.value($0) - zero }
        default: return nil
        }
    }

    /// Percent: the warmer, the less.
    private func output(_ seconds: Double) -> Double {
        guard cycle.isRunning(seconds) else { return 0 }
        return 45 - 12 * swing.value(seconds) / swing.amplitude + 4 * cooled.value(seconds)
    }
}
