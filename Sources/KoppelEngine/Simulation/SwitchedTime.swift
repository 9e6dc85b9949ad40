/// What is on for part of each round: a tariff, a process that is measured. Rounds begin at second 0.
struct SwitchedTime: Sendable {
    /// Seconds; the load's period is a whole number of rounds.
    var round: Double
    /// Of the round, in seconds.
    var on: Range<Double>

    /// Ten minutes each.
    static let firstTariff = SwitchedTime(round: 1_200, on: 0..<600)
    static let secondTariff = SwitchedTime(round: 1_200, on: 600..<1_200)
    /// Begins anew each ten minutes, after half a minute of pause.
    static let process = SwitchedTime(round: 600, on: 0..<570)

    func isOn(_ seconds: Double) -> Bool { on.contains(seconds - (seconds / round).rounded(.down) * round) }

    /// How much of an ever rising total was added while it was on, since second 0. What is added has to come again
    /// each ``ThreePhaseLoad/period``.
    func part(of total: (Double) -> Double, _ seconds: Double) -> Double {
        let period = ThreePhaseLoad.period
        let turns = (seconds / period).rounded(.down)
        return turns * within(period, total) + within(seconds - turns * period, total)
    }

    private func within(_ end: Double, _ total: (Double) -> Double) -> Double {
        stride(from: 0, to: end, by: round).reduce(0) { sum, begin in
            let from = min(begin + on.lowerBound, end)
            return sum + total(min(begin + on.upperBound, end)) - total(from)
        }
    }
}
