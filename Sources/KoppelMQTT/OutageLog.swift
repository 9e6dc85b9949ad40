internal import KoppelCore

/// Decides which failures are worth a log line: the first of each kind in an outage (field rule P85).
struct OutageLog {
    private var kinds: Set<UplinkError.Kind> = []
    /// Failures since the last good connection.
    private(set) var failures = 0

    /// True if this failure is news.
    mutating func failed(_ kind: UplinkError.Kind) -> Bool {
        failures += 1
        return kinds.insert(kind).inserted
    }

    /// Ends the outage.
    /// - Returns: How many failures it had.
    mutating func connected() -> Int {
        defer { self = OutageLog() }
        return failures
    }
}
