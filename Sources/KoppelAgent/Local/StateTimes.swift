internal import KoppelCore
internal import Synchronization

/// Since when something is in the state it is in, as far as it was looked at. One entry for each name that is asked.
final class StateTimes: Sendable {
    private let times = Mutex<[String: (state: String, since: Timestamp)]>([:])

    /// - Returns: The moment at which this state was seen first, without another one in between.
    func since(_ name: String, is state: String, at now: Timestamp) -> Timestamp {
        times.withLock { times in
            if let known = times[name], known.state == state { return known.since }
            times[name] = (state, now)
            return now
        }
    }
}
