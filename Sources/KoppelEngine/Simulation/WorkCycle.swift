/// What a machine is doing at a moment. All its states, bits, speeds and counters follow from this one thing, so that
/// none contradicts another.
struct WorkCycle: Sendable {
    enum Doing: Sendable { case resting, starting, working, stopping }

    /// How hard it works, 0 at rest to 1.
    let pace: Trajectory
    /// Up to which second of the round which pace is asked for.
    private let wanted: [(until: Double, pace: Double)]
    /// Where in the round second 0 lies, in seconds.
    let offset: Double

    /// A round lasts between the given numbers of seconds: two thirds at two paces, then a rest of about an eighth.
    /// It is at work at second 0.
    init(seed: UInt64, period: ClosedRange<Double>) {
        var numbers = SeededNumbers(seed: seed, name: "work")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        let period = random(period)
        let (fast, slow) = (random(0.82...0.96), random(0.55...0.7))
        offset = random(0...0.55) * period
        // The pace wanders a percent about what is asked for.
        let knots: [(Double, Double)] = [
            (0, fast), (0.1, fast * 0.99), (0.2, fast * 1.01), (0.3, fast), (0.36, slow), (0.46, slow * 1.01),
            (0.56, slow * 0.99), (0.64, slow), (0.69, fast), (0.75, fast * 1.01), (0.8, fast), (0.85, 0), (0.95, 0),
            (1, fast),
        ]
        pace = Trajectory(knots.map { (time: $0.0 * period, value: $0.1) }, offset: offset)
        wanted = [(0.3, fast), (0.64, slow), (0.8, fast), (0.94, 0), (1, fast)].map {
            (until: $0.0 * period, pace: $0.1)
        }
    }

    /// A round that follows something else, such as the sun.
    init(pace: Trajectory) {
        self.pace = pace
        wanted = []
        offset = 0
    }

    func doing(_ seconds: Double) -> Doing {
        guard pace.value(seconds) > 0 else { return .resting }
        let line = pace.line(seconds)
        return line.from <= 0 ? .starting : line.to <= 0 ? .stopping : .working
    }

    func isRunning(_ seconds: Double) -> Bool { pace.value(seconds) > 0 }

    /// The pace that is asked for.
    func target(_ seconds: Double) -> Double {
        let turns = (seconds + offset) / pace.period
        let inRound = (turns - turns.rounded(.down)) * pace.period
        return wanted.first { inRound < $0.until }?.pace ?? pace.value(seconds)
    }

    func isAtTarget(_ seconds: Double) -> Bool {
        isRunning(seconds) && (pace.value(seconds) - target(seconds)).magnitude < 0.02
    }

    /// Seconds of work at full pace since second 0.
    func work(_ seconds: Double) -> Double { pace.integral(seconds) }

    /// Seconds it ran since second 0.
    func runningTime(_ seconds: Double) -> Double { pace.integral(seconds, power: 0) }

    /// How often it started since second 0.
    func starts(_ seconds: Double) -> Double { ((seconds + offset) / pace.period + 0.05).rounded(.down) }
}
