package import KoppelCore

/// Where a destination has got to that acknowledges nothing: a place counts as reached once the connection has lived on
/// for `lag` after what stands there was written.
///
/// Bounded: places written within a 128th of the lag are kept as one, so at most about 130 wait.
/// Times are monotonic, since any fixed start.
package struct LaggingCursor: Sendable {
    private struct Entry: Sendable {
        let first: Duration
        var last: Duration
        var position: JournalPosition
    }

    package let lag: Duration
    private var entries: [Entry] = []

    package init(lag: Duration) { self.lag = lag }

    /// A broken connection is noticed one and a half keepalives after the last sign of life, and a little later where
    /// the machine is busy.
    package init(keepalive: Duration) { self.init(lag: keepalive * 3 / 2 + .seconds(5)) }

    package var count: Int { entries.count }

    /// Everything up to and including the position is written.
    package mutating func wrote(_ position: JournalPosition, at now: Duration) {
        if let last = entries.last, now - last.first < lag / 128 {
            entries[entries.count - 1].last = now
            entries[entries.count - 1].position = max(last.position, position)
        } else {
            entries.append(Entry(first: now, last: now, position: position))
        }
    }

    /// The newest place that counts as reached; `nil` if there is no new one.
    package mutating func reached(now: Duration) -> JournalPosition? {
        var position: JournalPosition?
        while let first = entries.first, now - first.last >= lag {
            position = first.position
            entries.removeFirst()
        }
        return position
    }

    /// The connection broke: nothing that waits counts as reached.
    package mutating func reset() { entries.removeAll() }
}
