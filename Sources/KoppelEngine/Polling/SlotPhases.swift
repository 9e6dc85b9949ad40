internal import KoppelCore

/// When the slots of each machine on a bus begin, so that not everything is due at one instant.
///
/// A machine's slots begin when a sweep of the whole bus would reach it, in steps of 100 ms, which is also how often a
/// long sweep is stored. So nothing waits longer for its first reading than it would anyway, a bus that is read in less
/// than a step stays one sweep, and all intervals of one machine keep one beat and share their reads.
enum SlotPhases {
    static let step = Duration.milliseconds(100)

    /// The phase of each machine, from the predicted time of a whole sweep of each, in the order of the bus.
    static func phases(_ sweepTimes: [Duration]) -> [Duration] {
        var sum = Duration.zero
        return sweepTimes.map { time in
            defer { sum += time }
            return step * Int(sum.wholeNanoseconds / step.wholeNanoseconds)
        }
    }

    /// The phase of a group within its own interval.
    static func phase(_ phase: Duration, interval: Duration) -> Duration {
        guard interval > .zero else { return .zero }
        return .nanoseconds(phase.wholeNanoseconds % interval.wholeNanoseconds)
    }
}
