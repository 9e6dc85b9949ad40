/// How long to wait before the next attempt: doubling from the first pause to the longest, each with jitter.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    package init(first: Duration = .milliseconds(500), longest: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The next pause: the doubling step times `jitter`, which is between 0.5 and 1.
    package mutating func pause(jitter: Double) -> Duration {
        defer { next = min(longest, next * 2) }
        return next * jitter
    }

    /// It worked: the next failure starts from the first pause again.
    package mutating func reset() { next = first }
}
