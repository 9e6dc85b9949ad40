internal import KoppelCore

/// Whether the link of a bus is open, and when it is tried again.
struct LinkState {
    private(set) var isOpen = false
    /// On the monotonic clock since the bus began.
    private(set) var nextAttempt = Duration.zero
    /// What everything on the bus is while it is closed.
    private(set) var condition = Condition.timeout
    private var failures = 0
    private var backoff = Backoff(first: .milliseconds(500), longest: .seconds(10))

    /// - Returns: The number of attempts that failed before, if there were any.
    mutating func opened() -> Int? {
        defer { failures = 0 }
        isOpen = true
        backoff.reset()
        return failures > 0 ? failures : nil
    }

    /// - Returns: True if this is news: it was open, or was never tried.
    mutating func failed(_ error: BusError, now: Duration, jitter: Double) -> Bool {
        isOpen = false
        condition = error.condition
        failures += 1
        nextAttempt = now + backoff.pause(jitter: jitter)
        return failures == 1
    }
}
