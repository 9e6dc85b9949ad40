internal import KoppelCore

/// At most so many messages in any hour. It remembers when each of the last hour left: at most the limit, 100,000.
struct HourlyLimit: Sendable {
    private static let hour = Duration.seconds(3_600)

    private let limit: Int
    private var departures: [Duration] = []
    private var first = 0

    init(_ limit: Int) { self.limit = max(1, limit) }

    /// Takes a place for a message now, in time since any fixed start; or how long to wait for one.
    mutating func take(at now: Duration) -> Duration? {
        while first < departures.count, now - departures[first] >= Self.hour { first += 1 }
        if departures.count - first >= limit { return Self.hour - (now - departures[first]) }
        if first > limit {
            departures.removeFirst(first)
            first = 0
        }
        departures.append(now)
        return nil
    }
}
