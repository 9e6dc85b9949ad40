internal import KoppelCore

/// Decides how long to wait before the next attempt to connect.
///
/// The pause doubles until a connection proved to be stable, not merely until one was made: two agents that take
/// each other's client id connect well each time, and must not do so twice a second (fault U14).
struct Backoff {
    private let timing: MQTTTiming
    private var failures = 0
    private var recovery: UplinkError.Recovery?

    init(_ timing: MQTTTiming) { self.timing = timing }

    /// The pause before the next attempt, without jitter. `lasted` is how long the connection lasted, `nil` if none
    /// was made.
    mutating func pause(after recovery: UplinkError.Recovery, lasted: Duration?) -> Duration {
        let wasStable = lasted.map { $0 >= timing.stableAfter } ?? false
        if wasStable || recovery != self.recovery { failures = 0 }
        self.recovery = recovery
        let (first, longest) =
            switch recovery {
            case .soon: (timing.firstPause, timing.longestPause)
            case .slowly: (timing.firstSlowPause, timing.longestSlowPause)
            }
        defer { failures = min(failures + 1, 30) }
        return min(longest, first * (1 << failures))
    }
}

/// Spreads pauses, so that a hall of boxes does not come back in the same instant.
func jittered(_ pause: Duration, using randomness: inout some RandomNumberGenerator) -> Duration {
    pause * Double.random(in: 0.5...1, using: &randomness)
}
