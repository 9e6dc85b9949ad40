internal import KoppelCore

/// A point that a rule of the machine looks at, and what it shows now (data model 4.1).
///
/// Helpers that are not published are watched too, so it has an age of its own.
struct WatchedPoint: Sendable {
    let point: Int
    let signal: SignalName
    let ages: SignalAges
    /// `nil` until the machine has said anything about it.
    private(set) var shown: Decoded?
    /// When what it shows was read, or went bad.
    private(set) var time: Timestamp?
    private var health: SignalHealth

    init(point: Int, of settings: MachineSettings) {
        self.point = point
        let rule = settings.points[point]
        signal = rule.signal
        ages = SignalAges(rule.sampling, interval: rule.sampling.interval ?? settings.profile.interval)
        health = SignalHealth(ages: ages)
    }

    mutating func answered(_ decoded: Decoded, now: Duration, time: Timestamp) {
        _ = health.answered(decoded, time: time, now: now)
        shown = decoded
        self.time = time
    }

    mutating func failed(_ condition: Condition, now: Duration, time: Timestamp) {
        carryOut(health.failed(condition, now: now), time: time)
    }

    mutating func tick(now: Duration, time: Timestamp) { carryOut(health.tick(now: now), time: time) }

    private mutating func carryOut(_ action: SignalHealth.Action, time: Timestamp) {
        switch action {
        // The first failed poll of an outage changes nothing: the last reading stands until it is stale.
        case .none, .recovered, .sample: return
        case .uncertain(let condition, let last):
            shown = Decoded(value: last.value, condition: condition)
            self.time = last.time
        case .bad(let condition):
            shown = .bad(condition)
            self.time = time
        }
    }
}
