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

    /// A connection alone proves nothing: some devices accept and hang up at once (field rule P44), so the pauses go on
    /// growing until an answer comes.
    mutating func opened() { isOpen = true }

    /// - Returns: How often the link failed since it last gave an answer; `nil` if that is no news.
    mutating func answered() -> Int? {
        guard failures > 0 else { return nil }
        defer { failures = 0 }
        backoff.reset()
        return failures
    }

    /// - Returns: True if this is news: it gave answers, or was never tried.
    mutating func failed(_ error: BusError, now: Duration, jitter: Double) -> Bool {
        isOpen = false
        condition = error.condition
        failures += 1
        nextAttempt = now + backoff.pause(jitter: jitter)
        return failures == 1
    }
}
