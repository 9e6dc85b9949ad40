internal import KoppelCore

/// What moves any signal that no law is known of: it swings about what is usual for its unit, and a counter counts
/// while the machine works.
struct GeneralModel: PhysicalModel {
    let cycle: WorkCycle
    let seed: UInt64

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        guard point.kind == .counter else { return nil }
        var random = SeededNumbers(seed: seed, name: point.signal.description)
        let perBase = traits.perBase
        let start = Double.random(in: 0...200, using: &random).rounded()
        let most = point.counter?.maxRatePerSecond ?? 1
        switch traits.quantity {
        case .time:
            let isRunning = traits.hasAny("run", "running", "work", "working", "production")
            return .number { start * 3_600 * perBase + (isRunning ? cycle.runningTime($0) : $0) * perBase }
        case .count, .number:
            // A part each two seconds.
            let rate = min(most * 0.4, 0.5)
            return .number { start + (rate * cycle.work($0)).rounded(.down) }
        default:
            let rate = min(most * 0.2, perBase)
            return .number { start + rate * cycle.work($0) }
        }
    }

    /// Ways to move that fit nearly every signal, the liveliest first.
    func swings(_ point: Point, _ traits: SignalTraits, exponent: Int) -> [Behaviour] {
        var random = SeededNumbers(seed: seed, name: point.signal.description)
        let isSlow = traits.quantity == .temperature || traits.has("humidity")
        let period = Double.random(in: isSlow ? 300...600 : 20...60, using: &random)
        let phase = Double.random(in: 0...1, using: &random)
        let band = SignalBand(point, exponent: exponent).values
        let middle = (band.lowerBound + band.upperBound) / 2
        let wave = Wave(
            mean: middle, amplitude: point.kind == .setpoint ? 0 : (band.upperBound - band.lowerBound) / 2,
            period: period, phase: phase)
        return [.wave(wave), .constant(middle), .constant(0), .constant(1)]
    }
}
