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
    /// The connection that is open gave an answer.
    private var hasAnswered = false
    /// When connections that had worked broke, at most ``breaksUntilNews`` of them.
    private var breaks: [Duration] = []
    private var isBreaking = false

    /// So many broken connections within ``breakSpan`` are told, once until a span without one.
    static let breaksUntilNews = 5
    static let breakSpan = Duration.seconds(60)

    enum Edge: Hashable, Sendable {
        case none
        /// It gives no answers any more, or never gave one.
        case gone
        /// It is there, and breaks again and again.
        case breaks
    }

    /// A connection alone proves nothing: some devices accept and hang up at once (field rule P44), so the pauses go on
    /// growing until an answer comes.
    mutating func opened() {
        isOpen = true
        hasAnswered = false
    }

    /// - Returns: How often the link failed since it last gave an answer; `nil` if that is no news.
    mutating func answered() -> Int? {
        hasAnswered = true
        guard failures > 0 else { return nil }
        defer { failures = 0 }
        backoff.reset()
        return failures
    }

    /// What a connection that worked loses it may have again at once: the other units of the bus are not to wait for
    /// what one of them broke (faults F09, F10). Pauses begin when the new one gives no answer.
    mutating func failed(_ error: BusError, now: Duration, jitter: Double) -> Edge {
        isOpen = false
        condition = error.condition
        guard !hasAnswered else {
            hasAnswered = false
            nextAttempt = now
            return noteBreak(now: now)
        }
        failures += 1
        nextAttempt = now + backoff.pause(jitter: jitter)
        return failures == 1 ? .gone : .none
    }

    private mutating func noteBreak(now: Duration) -> Edge {
        if let last = breaks.last, now - last > Self.breakSpan {
            breaks.removeAll(keepingCapacity: true)
            isBreaking = false
        }
        breaks.append(now)
        guard breaks.count >= Self.breaksUntilNews else { return .none }
        let first = breaks.removeFirst()
        guard !isBreaking, now - first <= Self.breakSpan else { return .none }
        isBreaking = true
        return .breaks
    }

    /// True if the connection that failed last had given answers, so that the question it failed on may be to blame.
    var brokeWhileWorking: Bool { !isOpen && failures == 0 && !breaks.isEmpty }
}
