internal import KoppelCore

/// Holds the past back to so many readings a second, so that catching up swamps neither broker nor host (field rule
/// P63). Times are monotonic, since any fixed start.
package struct ReadingBucket: Sendable {
    private let rate: Int
    private var free: Double
    private var filled = Duration.zero

    /// `rate` is in readings a second, at least 1; as many may go out at once.
    package init(rate: Int) {
        self.rate = max(1, rate)
        free = Double(self.rate)
    }

    /// Takes room for so many readings, now or on credit: what is too much is waited for before the next.
    package mutating func take(_ readings: Int, now: Duration) {
        fill(now)
        free -= Double(readings)
    }

    /// How long to wait until something may be taken; zero if it may be now.
    package mutating func wait(now: Duration) -> Duration {
        fill(now)
        return free > 0 ? .zero : .seconds((1 - free) / Double(rate))
    }

    private mutating func fill(_ now: Duration) {
        guard now > filled else { return }
        free = min(Double(rate), free + (now - filled).inSeconds * Double(rate))
        filled = now
    }
}
