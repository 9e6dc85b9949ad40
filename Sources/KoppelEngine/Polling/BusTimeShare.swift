internal import KoppelCore

/// What one unit may cost the others on its bus (field rule P01, fault X20).
///
/// Only time counts that kept others waiting, and of that only what goes beyond an ordinary answer: a unit that is slow
/// on a bus with time to spare harms nobody, and a healthy one is never held back. What a unit cost is a debt, paid off
/// at its share of the time that passes. While the debt is too large the unit is asked only in time that nobody else
/// wants.
///
/// Over any time T a unit costs the others at most `share x (T + 5 s)` and one request more.
package struct BusTimeShare: Sendable {
    /// The default share of the bus time.
    package static let usual = 0.1
    /// So much time's share a unit may use at once: at 10 % half a second.
    static let burst = Duration.seconds(5)
    /// An answer may take this many times as long as is ordinary on its bus before it counts as slow.
    static let leniency = 4

    /// Part of the bus time, above 0 up to 1.
    package let share: Double
    private var owed = Duration.zero
    private var asOf = Duration.zero
    /// True from the moment the share was used up until all of the debt is paid: for people, who want one message.
    package private(set) var isKnownSlow = false

    package init(share: Double) { self.share = share }

    /// The debt at this moment, on the monotonic clock since the bus began.
    package func debt(now: Duration) -> Duration { max(.zero, owed - (now - asOf) * share) }

    /// True while the unit has to leave the bus to the others.
    package func isSpent(now: Duration) -> Bool { owed > .zero && debt(now: now) >= Self.burst * share }

    /// A request is over, answered or not.
    ///
    /// - Parameters:
    ///   - span: From asking to the end.
    ///   - ordinary: How long such a request takes on this bus when all is well.
    ///   - wantedAt: When the next of the others was due; in the past or within `span` if it had to wait.
    /// - Returns: True if it has just become known that the unit uses more than its share.
    package mutating func used(_ span: ClosedRange<Duration>, ordinary: Duration, wantedAt: Duration) -> Bool {
        let now = span.upperBound
        let excess = now - span.lowerBound - ordinary * Self.leniency
        let harm = min(excess, now - max(span.lowerBound, wantedAt))
        let left = debt(now: now)
        if left == .zero { isKnownSlow = false }
        owed = left + max(.zero, harm)
        asOf = now
        guard !isKnownSlow, isSpent(now: now) else { return false }
        isKnownSlow = true
        return true
    }
}
