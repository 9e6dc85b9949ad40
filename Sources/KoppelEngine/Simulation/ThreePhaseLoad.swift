/// A three-phase load with consistent physics: active and reactive power of each phase are given, everything else
/// follows from them and the voltage, and energies are their exact integrals.
struct ThreePhaseLoad: Sendable {
    /// One phase at one moment, in V, A, W, var and VA.
    struct Phase {
        var voltage: Double
        var active: Double
        var reactive: Double
        var apparent: Double { (active * active + reactive * reactive).squareRoot() }
        var current: Double { apparent / voltage }
        var powerFactor: Double { active / apparent }
    }

    private struct Waves: Sendable {
        var voltage: Wave
        /// Never below zero in sum, so that nothing is exported.
        var active: [Wave]
        var reactive: Wave
        /// Wh and varh on the meter at second 0.
        var activeBefore: Double
        var reactiveBefore: Double
    }

    private let phases: [Waves]
    private let frequency: Wave

    init(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed, name: "three-phase load")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        phases = (0..<3).map { _ in
            let power = random(2_500...4_000)
            return Waves(
                voltage: Wave(mean: random(229...231), amplitude: 1.5, period: random(40...70), phase: random(0...1)),
                active: [
                    Wave(mean: power, amplitude: power * 0.3, period: random(90...180), phase: random(0...1)),
                    Wave(mean: 0, amplitude: power * 0.1, period: random(9...17), phase: random(0...1)),
                ],
                reactive: Wave(
                    mean: power * 0.3, amplitude: power * 0.1, period: random(50...100), phase: random(0...1)),
                activeBefore: random(300_000...900_000), reactiveBefore: random(90_000...200_000))
        }
        frequency = Wave(mean: 50, amplitude: 0.03, period: random(60...120), phase: random(0...1))
    }

    func hertz(_ seconds: Double) -> Double { frequency.value(seconds) }

    /// `index` is 0, 1 or 2 for L1, L2 and L3.
    func phase(_ index: Int, _ seconds: Double) -> Phase {
        let waves = phases[index]
        return Phase(
            voltage: waves.voltage.value(seconds), active: waves.active.reduce(0) { $0 + $1.value(seconds) },
            reactive: waves.reactive.value(seconds))
    }

    /// In Wh; it never falls.
    func activeEnergy(_ index: Int, _ seconds: Double) -> Double {
        phases[index].activeBefore + phases[index].active.reduce(0) { $0 + $1.integral(seconds) } / 3_600
    }

    /// In varh; it never falls.
    func reactiveEnergy(_ index: Int, _ seconds: Double) -> Double {
        phases[index].reactiveBefore + phases[index].reactive.integral(seconds) / 3_600
    }

    /// The mean active power of the last quarter of an hour, in W.
    func activeDemand(_ index: Int, _ seconds: Double) -> Double {
        (activeEnergy(index, seconds) - activeEnergy(index, seconds - 900)) * 4
    }

    /// More than the active power of any phase ever gets, in W.
    var peakPower: Double { 6_000 }
}
