/// Decides which log lines are one too many: the same sentence at most six times a minute, then it is only counted, so
/// that thirty units that fail at once leave room for what else is to be said (fault A12). A pure value.
///
/// At most 200 sentences are remembered; after that it begins anew.
package struct LineLimit: Sendable {
    package static let most = 6
    package static let interval = Duration.seconds(60)

    private struct Seen {
        var since: ContinuousClock.Instant
        var lines = 0
        var held = 0
    }

    private var seen: [String: Seen] = [:]

    package init() {}

    /// - Returns: How many lines with this sentence were held back before this one; `nil` if this one is held back too.
    package mutating func admit(_ sentence: String, at now: ContinuousClock.Instant) -> Int? {
        var one = seen[sentence] ?? Seen(since: now)
        var heldBefore = 0
        if now - one.since >= Self.interval {
            heldBefore = one.held
            one = Seen(since: now)
        }
        defer {
            if seen.count >= 200 { seen.removeAll() }
            seen[sentence] = one
        }
        guard one.lines < Self.most else {
            one.held += 1
            return nil
        }
        one.lines += 1
        return heldBefore
    }
}
