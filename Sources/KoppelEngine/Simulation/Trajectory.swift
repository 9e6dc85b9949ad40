/// A value that goes along straight lines from knot to knot, again and again, with the exact integrals of its powers:
/// whatever follows from it as a polynomial, a flow or a power, is summed up without an error.
struct Trajectory: Sendable {
    /// From 0 up to the period.
    private let times: [Double]
    /// As many as times; the last is the first.
    private let values: [Double]
    /// Where in the round second 0 lies.
    private let offset: Double
    /// The integral from the begin of the round to each knot, of the powers 0 (the time above zero) to 3.
    private let sums: [[Double]]

    /// - Parameters:
    ///   - knots: Seconds from 0 up and the value there, at least two; the last has the value of the first.
    ///   - offset: Seconds into the round at second 0.
    init(_ knots: [(time: Double, value: Double)], offset: Double) {
        times = knots.map(\.time)
        values = knots.map(\.value)
        self.offset = offset
        sums = (0...3).map { power in
            var sum = 0.0
            return [0]
                + zip(knots, knots.dropFirst()).map { from, to in
                    sum += Trajectory.integral(from.value, to.value, over: to.time - from.time, power)
                    return sum
                }
        }
    }

    var period: Double { times[times.count - 1] }

    func value(_ seconds: Double) -> Double {
        let place = place(seconds + offset)
        return value(place.knot, place.since)
    }

    /// The value at the begin and at the end of the line it is on.
    func line(_ seconds: Double) -> (from: Double, to: Double) {
        let knot = place(seconds + offset).knot
        return (values[knot], values[knot + 1])
    }

    /// The integral of a power of the value from second 0 on; of power 0, the seconds it was above zero.
    func integral(_ seconds: Double, power: Int = 1) -> Double {
        sinceRound(seconds + offset, power) - sinceRound(offset, power)
    }

    private func sinceRound(_ seconds: Double, _ power: Int) -> Double {
        let place = place(seconds)
        let rest = Trajectory.integral(values[place.knot], value(place.knot, place.since), over: place.since, power)
        return place.round * sums[power][times.count - 1] + sums[power][place.knot] + rest
    }

    private func value(_ knot: Int, _ since: Double) -> Double {
        values[knot] + (values[knot + 1] - values[knot]) * since / (times[knot + 1] - times[knot])
    }

    private func place(_ seconds: Double) -> (round: Double, knot: Int, since: Double) {
        let round = (seconds / period).rounded(.down)
        let inRound = min(max(seconds - round * period, 0), period.nextDown)
        let knot = times.lastIndex { $0 <= inRound } ?? 0
        return (round, min(knot, times.count - 2), inRound - times[min(knot, times.count - 2)])
    }

    private static func integral(_ from: Double, _ to: Double, over time: Double, _ power: Int) -> Double {
        switch power {
        case 0: from > 0 || to > 0 ? time : 0
        case 1: time * (from + to) / 2
        case 2: time * (from * from + from * to + to * to) / 3
        default: time * (from + to) * (from * from + to * to) / 4
        }
    }
}
