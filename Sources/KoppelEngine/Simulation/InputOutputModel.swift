internal import KoppelCore

/// The terminals of a module or a PLC: inputs and outputs switch, each in its own rhythm, a counter counts how often
/// its input came on, and analogue inputs of 4 to 20 mA swing.
struct InputOutputModel: PhysicalModel {
    let seed: UInt64
    let hasInputs: Set<String>

    /// `points` are all of the device.
    init(seed: UInt64, points: [SignalTraits]) {
        self.seed = seed
        hasInputs = Set(points.filter { $0.group == "io" }.map(\.name))
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        if traits.group == "counters", point.kind == .counter, hasInputs.contains(traits.name) {
            let rhythm = rhythm(traits.name)
            return .number { rhythm.switched($0) }
        }
        guard traits.group == "io" || traits.group == "plc" else { return nil }
        if point.dataType == .boolean || (Set(point.enumeration.keys) == [0, 1] && !traits.has("analog")) {
            let rhythm = rhythm(traits.name)
            return .raw { rhythm.isOn($0) ? 1 : 0 }
        }
        return point.enumeration.isEmpty && traits.hasAny("analog", "analogue") ? analogue(traits) : nil
    }

    private struct Rhythm: Sendable {
        /// Seconds from coming on to coming on.
        var period: Double
        var phase: Double
        /// Of the period.
        var on: Double
        var before: Double

        func isOn(_ seconds: Double) -> Bool {
            let turns = seconds / period + phase
            return turns - turns.rounded(.down) < on
        }

        /// How often it came on.
        func switched(_ seconds: Double) -> Double { before + (seconds / period + phase).rounded(.down) }
    }

    private func rhythm(_ name: String) -> Rhythm {
        var numbers = SeededNumbers(seed: seed, name: name)
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        return Rhythm(
            period: random(4...25), phase: random(0...1), on: random(0.3...0.7), before: random(100...900).rounded())
    }

    private func analogue(_ traits: SignalTraits) -> Behaviour? {
        // The value of an input in two units is one.
        let terminal = traits.name.replacing("value", with: "input")
        var numbers = SeededNumbers(seed: seed, name: terminal)
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        let share = Wave(mean: random(0.35...0.6), amplitude: 0.15, period: random(40...90), phase: random(0...1))
        let milliamperes = share.times(16).raised(by: 4)
        switch traits.quantity {
        case .share: return .wave(share.times(100))
        case .voltage: return .wave(share.times(10 * traits.perBase))
        case .current: return .wave(milliamperes.times(traits.perBase / 1_000))
        case .number where traits.has("value"): return .wave(milliamperes)
        case .number where traits.hasAny("input", "output"): return .wave(milliamperes.times(1_000))
        default: return nil
        }
    }
}
