package import KoppelCore

/// Keeps a silent unit from costing the others on its bus more than a probe now and then (field rule P01).
///
/// After three unanswered requests in a row the unit is silent: it is then asked one read of its plan at growing
/// intervals, 1 s to 10 s, until it answers. Time is the monotonic clock since the bus began.
package struct UnitBreaker: Sendable {
    package enum Edge: Hashable, Sendable {
        case none
        case wentSilent
        /// It answers again, after so many unanswered requests.
        case answersAgain(missed: Int)
    }

    static let unansweredUntilSilent = 3
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(10)

    private var unanswered = 0
    private var pause = UnitBreaker.firstPause
    private var nextProbe = Duration.zero
    /// Why the last request got no answer, which is what the unit is while it is not asked.
    package private(set) var condition = Condition.timeout

    package init() {}

    package var isSilent: Bool { unanswered >= UnitBreaker.unansweredUntilSilent }

    /// True if the last request got no answer.
    package var isUnanswered: Bool { unanswered > 0 }

    /// Whether a request to the unit may be sent now.
    package func mayAsk(now: Duration) -> Bool { !isSilent || now >= nextProbe }

    package mutating func answered() -> Edge {
        defer {
            unanswered = 0
            pause = UnitBreaker.firstPause
        }
        return isSilent ? .answersAgain(missed: unanswered) : .none
    }

    package mutating func failed(_ condition: Condition = .timeout, now: Duration) -> Edge {
        unanswered += 1
        self.condition = condition
        guard isSilent else { return .none }
        nextProbe = now + pause
        pause = min(UnitBreaker.longestPause, pause * 2)
        return unanswered == UnitBreaker.unansweredUntilSilent ? .wentSilent : .none
    }
}
