internal import KoppelCore

/// A sensor on a bearing: velocity and acceleration of each axis belong to one vibration, a peak is its effective value
/// times the crest factor.
struct VibrationModel: PhysicalModel {
    let seed: UInt64

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        guard traits.group == "vibration" else { return nil }
        // Signals of one axis move together.
        let axis = ["x", "y", "z"].first { traits.words.contains($0) } ?? "x"
        var numbers = SeededNumbers(seed: seed, name: "vibration " + axis)
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        // mm/s, effective: a machine in good order.
        let size = Wave(mean: random(1.1...1.9), amplitude: 0.3, period: random(60...120), phase: random(0...1))
        let hertz = Wave(mean: random(24.2...24.8), amplitude: 0.3, period: random(90...160), phase: random(0...1))
        let crest = Wave(mean: random(3.2...3.8), amplitude: 0.2, period: random(40...80), phase: random(0...1))
        let perBase = traits.perBase
        let isPeak = traits.has("peak")
        let isHighFrequency = traits.has("hf")
        switch traits.quantity {
        // One sine: its peak is the root of two times its effective value.
        case .velocity: return .number { size.value($0) / 1_000 * (isPeak ? 2.0.squareRoot() : 1) * perBase }
        case .frequency: return .number { hertz.value($0) * perBase }
        case .acceleration:
            return .number { seconds in
                // The bearing adds what the sine of the velocity has not.
                let effective =
                    (isHighFrequency ? 0.8 : 1.5) + 2 * .pi * hertz.value(seconds) * size.value(seconds) / 1_000
                return effective * (isPeak ? crest.value(seconds) : 1) * perBase
            }
        case .number where traits.has("crest"): return .number { crest.value($0) }
        case .number where traits.has("kurtosis"): return .number { crest.value($0) - 0.4 }
        default: return nil
        }
    }
}
