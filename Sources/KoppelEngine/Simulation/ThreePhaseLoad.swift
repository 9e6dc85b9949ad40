/// A three-phase load with consistent physics: active and reactive power of each phase are given, everything else
/// follows from them and the voltage, and energies are their exact integrals. It repeats itself each hour.
struct ThreePhaseLoad: Sendable {
    /// One phase at one moment, or several together, in V, W and var.
    struct Phase {
        /// To neutral; the mean of several.
        var voltage: Double
        var active: Double
        var reactive: Double
        /// In VA.
        var apparent: Double { (active * active + reactive * reactive).squareRoot() }
        /// In A.
        var current: Double { apparent / voltage }
        /// Above 0: nothing flows back.
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

    /// After so many seconds the powers come again.
    static let period = 3_600.0

    private let phases: [Waves]
    private let frequency: Wave

    init(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed, name: "three-phase load")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        func wave(_ mean: Double, _ amplitude: Double, times: ClosedRange<Int>) -> Wave {
            let period = Self.period / Double(Int.random(in: times, using: &numbers))
            return Wave(mean: mean, amplitude: amplitude, period: period, phase: random(0...1))
        }
        phases = (0..<3).map { _ in
            let power = random(2_500...4_000)
            return Waves(
                voltage: Wave(mean: random(229...231), amplitude: 1.5, period: random(40...70), phase: random(0...1)),
                active: [
                    wave(power, power * 0.2, times: 1...1), wave(0, power * 0.2, times: 24...40),
                    wave(0, power * 0.08, times: 212...400),
                ],
                reactive: wave(power * 0.3, power * 0.1, times: 36...72),
                activeBefore: random(300_000...900_000), reactiveBefore: random(90_000...200_000))
        }
        frequency = Wave(mean: 50.03, amplitude: 0.05, period: random(60...120), phase: random(0...1))
    }

    func hertz(_ seconds: Double) -> Double { frequency.value(seconds) }

    /// `index` is 0, 1 or 2 for L1, L2 and L3.
    func phase(_ index: Int, _ seconds: Double) -> Phase {
        let waves = phases[index]
        return Phase(
            voltage: waves.voltage.value(seconds), active: waves.active.reduce(0) { $0 + $1.value(seconds) },
            reactive: waves.reactive.value(seconds))
    }

    /// The powers of all phases and the mean of their voltages.
    func whole(_ seconds: Double) -> Phase {
        let each = (0..<3).map { phase($0, seconds) }
        return Phase(
            voltage: each.reduce(0) { $0 + $1.voltage } / 3, active: each.reduce(0) { $0 + $1.active },
            reactive: each.reduce(0) { $0 + $1.reactive })
    }

    /// Between a phase and the next, which is 120 degrees behind, in V.
    func lineVoltage(_ index: Int, _ seconds: Double) -> Double {
        let (one, other) = (phase(index, seconds).voltage, phase((index + 1) % 3, seconds).voltage)
        return (one * one + other * other + one * other).squareRoot()
    }

    /// What the three currents leave over, as vectors, in A.
    func neutralCurrent(_ seconds: Double) -> Double {
        var (real, imaginary) = (0.0, 0.0)
        for index in 0..<3 {
            let phase = phase(index, seconds)
            let (along, across) = (phase.active / phase.voltage, -phase.reactive / phase.voltage)
            let turns = -Double(index) / 3
            real += along * cosine(turns: turns) - across * sine(turns: turns)
            imaginary += along * sine(turns: turns) + across * cosine(turns: turns)
        }
        return (real * real + imaginary * imaginary).squareRoot()
    }

    /// In Wh since second 0.
    func activeEnergy(_ index: Int, _ seconds: Double) -> Double {
        phases[index].active.reduce(0) { $0 + $1.integral(seconds) } / 3_600
    }

    /// In varh since second 0.
    func reactiveEnergy(_ index: Int, _ seconds: Double) -> Double {
        phases[index].reactive.integral(seconds) / 3_600
    }

    /// In Wh, on the meter at second 0.
    func activeBefore(_ index: Int) -> Double { phases[index].activeBefore }

    /// In varh, on the meter at second 0.
    func reactiveBefore(_ index: Int) -> Double { phases[index].reactiveBefore }
}
