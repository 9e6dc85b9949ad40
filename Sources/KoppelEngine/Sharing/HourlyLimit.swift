internal import KoppelCore

/// At most so many messages in any hour, whether or not the agent ran through it. It remembers when each of the last hour
/// left: at most the limit, 100,000.
struct HourlyLimit: Sendable {
    private static let hour = Duration.seconds(3_600)

    let limit: Int
    private var departures: [Duration] = []
    private var first = 0

    init(_ limit: Int) { self.limit = max(1, limit) }

    /// Counts what left before, so long before `now`.
    mutating func count(_ ages: [Duration], before now: Duration) {
        departures = (ages.map { now - $0 } + departures[first...]).sorted()
        first = 0
    }

    /// Takes a place for a message now, in time since any fixed start; or how long to wait for one.
    mutating func take(at now: Duration) -> Duration? {
        while first < departures.count, now - departures[first] >= Self.hour { first += 1 }
        // The place that is given back first when so many were taken; a lower limit than before may have taken more.
        if departures.count - first >= limit {
            return Self.hour - (now - departures[departures.count - limit])
        }
        if first > limit {
            departures.removeFirst(first)
            first = 0
        }
        departures.append(now)
        return nil
    }
}
