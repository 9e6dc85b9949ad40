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
        if let signal = ElectricalSignal(point) { candidates.append(.electrical(signal, load)) }
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
        let band = SignalBand(point, exponent: exponent).values
        let middle = (band.lowerBound + band.upperBound) / 2
        let wave = Wave(
            mean: middle, amplitude: point.kind == .setpoint ? 0 : (band.upperBound - band.lowerBound) / 2,
            period: period, phase: phase)
        return [.wave(wave), .fixed(.double(middle)), .fixed(.double(0)), .fixed(.double(1))]
    }

    private static func text(_ point: Point, _ profile: SimulatedDevice.Context) -> String {
        let name = point.signal.description
        if name.contains("serial") { return "SIM-\(profile.seed % 1_000_000)" }
        if name.contains("version") || name.contains("firmware") { return "1.0.0" }
        if name.contains("manufacturer") || name.contains("vendor") { return profile.manufacturer }
        return profile.model
    }
}

/// Where a signal about moves if nothing else is known of it.
struct SignalBand {
    let values: ClosedRange<Double>

    /// The middle of the normal range; else of the limits; else what is usual for the unit: always within what the
    /// registers can show.
    init(_ point: Point, exponent: Int) {
        if let range = point.range, range.low <= range.high {
            values = SignalBand.inner(range.low...range.high, 0.2, 0.8)
            return
        }
        if let limits = point.limits, limits.low <= limits.high {
            values = SignalBand.inner(limits.low...limits.high, 0.3, 0.6)
            return
        }
        let usual = SignalBand.usual(point)
        guard let raw = point.wire.rawRange else {
            values = usual
            return
        }
        let power = (0..<abs(exponent)).reduce(1.0) { size, _ in exponent > 0 ? size * 10 : size / 10 }
        let ends = [raw.lowerBound, raw.upperBound].map {
            ($0 * point.scaling.numerator / point.scaling.denominator + point.scaling.offset) * power
        }
        let possible = min(ends[0], ends[1])...max(ends[0], ends[1])
        values = possible.overlaps(usual) ? usual.clamped(to: possible) : SignalBand.inner(possible, 0.3, 0.6)
    }

    private static func inner(_ band: ClosedRange<Double>, _ from: Double, _ to: Double) -> ClosedRange<Double> {
        let width = band.upperBound - band.lowerBound
        return (band.lowerBound + from * width)...(band.lowerBound + to * width)
    }

    private static func usual(_ point: Point) -> ClosedRange<Double> {
        let name = point.signal.description
        if name.contains("thd") { return 1.5...4 }
        if name.contains("speed") && point.unit?.ucum != "/min" { return -20...20 }
        return switch point.unit?.ucum {
        case "V": 200...240
        case "A": 2...8
        case "W", "V.A", "V.A{reactive}": 500...2_000
        case "kW", "kV.A", "kV.A{reactive}": 0.5...2
        case "Hz": 40...50
        case "Cel": 25...45
        case "K": 295...315
        case "bar": 5.5...7
        case "/min": 1_200...1_480
        case "%": 30...70
        case "deg": 10...170
        case "mm": 100...600
        case "[pH]": 6.5...7.5
        default: 20...80
        }
    }
}
