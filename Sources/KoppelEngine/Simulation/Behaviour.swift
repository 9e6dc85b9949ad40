internal import KoppelCore

/// How one simulated signal moves.
enum Behaviour: Sendable {
    case electrical(ElectricalSignal, ThreePhaseLoad)
    case wave(Wave)
    /// Counts with a rate that swings, and turns over where the register does.
    case counter(Wave, start: Double)
    case state(StateCycle)
    case bit(StateCycle)
    case fixed(Value)

    /// The number before it is put into the register; `nil` for a fixed value, which is no number.
    func number(_ seconds: Double) -> Double? {
        switch self {
        case .electrical(let signal, let load): signal.value(load, seconds)
        case .wave(let wave): wave.value(seconds)
        case .counter(let rate, let start): start + rate.integral(seconds)
        case .state(let cycle), .bit(let cycle): Double(cycle.number(seconds))
        case .fixed(let value): value.number
        }
    }

    /// What the signal could do, the likeliest first. The device takes the first that its registers can show and its
    /// profile calls good.
    static func candidates(
        _ point: Point, profile: SimulatedDevice.Context, load: ThreePhaseLoad, exponent: Int
    ) -> [Behaviour] {
        switch point.wire {
        case .string(let layout, let registers):
            let room = layout == .onePerRegister ? registers : 2 * registers
            return [.fixed(.text(String(text(point, profile).prefix(room))))]
        case .bool, .bit:
            let names = point.enumeration.isEmpty ? [0: "", 1: ""] : point.enumeration
            return [.bit(StateCycle(point, numbers: names, rule: profile.stateRule, seed: profile.seed))]
        default: break
        }
        if !point.enumeration.isEmpty {
            let cycle = StateCycle(point, numbers: point.enumeration, rule: profile.stateRule, seed: profile.seed)
            return [.state(cycle)] + point.enumeration.keys.sorted().map { .fixed(.double(Double($0))) }
        }
        var candidates: [Behaviour] = []
        if let grid = profile.grid, let signal = ElectricalSignal(point, isSinglePhase: grid == .singlePhase) {
            candidates.append(.electrical(signal, load))
        }
        if ["identity", "device", "config", "meta"].contains(String(point.signal.group)) {
            candidates.append(.fixed(.double(5)))
        }
        if point.kind == .counter { candidates.append(counter(point, seed: profile.seed)) }
        candidates += waves(point, seed: profile.seed, exponent: exponent)
        return candidates
    }

    private static func counter(_ point: Point, seed: UInt64) -> Behaviour {
        var random = SeededNumbers(seed: seed, name: point.signal.description)
        let rate = min((point.counter?.maxRatePerSecond ?? 1) * 0.4, 2)
        let wave = Wave(
            mean: rate, amplitude: rate * 0.5, period: Double.random(in: 30...90, using: &random),
            phase: Double.random(in: 0...1, using: &random))
        return .counter(wave, start: Double.random(in: 0...200, using: &random).rounded())
    }

    private static func waves(_ point: Point, seed: UInt64, exponent: Int) -> [Behaviour] {
        // A speed and the position it belongs to share the part of the name before the last word, and so the period.
        let name = point.signal.description
        let stem = name.lastIndex(of: "-").map { name[..<$0] } ?? name[...]
        var random = SeededNumbers(seed: seed, name: stem)
        let period = Double.random(in: 20...60, using: &random)
        let phase = Double.random(in: 0...1, using: &random) + (name.contains("speed") ? 0.25 : 0)
        var joint: [Behaviour] = []
        if point.signal.group == "joints", name.hasSuffix("-speed"), point.unit?.ucum == "/min" {
            // A joint that swings 80 degrees to each side: its speed in turns a minute.
            joint = [.wave(Wave(mean: 0, amplitude: 80.0 / 360 * 2 * .pi * 60 / period, period: period, phase: phase))]
        }
        let band = SignalBand(point, exponent: exponent).values
        let middle = (band.lowerBound + band.upperBound) / 2
        let wave = Wave(
            mean: middle, amplitude: point.kind == .setpoint ? 0 : (band.upperBound - band.lowerBound) / 2,
            period: period, phase: phase)
        return joint + [.wave(wave), .fixed(.double(middle)), .fixed(.double(0)), .fixed(.double(1))]
    }

    private static func text(_ point: Point, _ profile: SimulatedDevice.Context) -> String {
        let name = point.signal.description
        if name.contains("serial") { return "SIM-\(profile.seed % 1_000_000)" }
        if name.contains("version") || name.contains("firmware") { return "1.0.0" }
        if name.contains("manufacturer") || name.contains("vendor") { return profile.manufacturer }
        return profile.model
    }
}
