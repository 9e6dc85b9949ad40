/// How long the link waits for what. The defaults suit a plant; tests use shorter ones.
package struct MQTTTiming: Hashable, Sendable {
    /// From the start of an attempt until the socket is connected, and again until the broker accepted us.
    package var connectTimeout: Duration
    /// The longest a handed-over message may stay without an acknowledgement while nothing else moves either, or
    /// after a later message was acknowledged.
    package var acknowledgementTimeout: Duration
    /// The pause after the first failure that passes by itself. It doubles with each failure.
    package var firstPause: Duration
    /// The longest pause after failures that pass by themselves.
    package var longestPause: Duration
    /// The pause after the first failure that a person has to mend. It doubles with each failure.
    package var firstSlowPause: Duration
    /// The longest pause after failures that a person has to mend.
    package var longestSlowPause: Duration
    /// A connection that lasted this long was a good one: the pauses begin at the first again.
    package var stableAfter: Duration
    /// The longest a disconnect in order may take.
    package var disconnectTimeout: Duration

    package init(
        connectTimeout: Duration = .seconds(10), acknowledgementTimeout: Duration = .seconds(10),
        firstPause: Duration = .milliseconds(500), longestPause: Duration = .seconds(30),
        firstSlowPause: Duration = .seconds(5), longestSlowPause: Duration = .seconds(300),
        stableAfter: Duration = .seconds(30), disconnectTimeout: Duration = .seconds(1)
    ) {
        self.connectTimeout = connectTimeout
        self.acknowledgementTimeout = acknowledgementTimeout
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.firstSlowPause = firstSlowPause
        self.longestSlowPause = longestSlowPause
        self.stableAfter = stableAfter
        self.disconnectTimeout = disconnectTimeout
    }

    /// How often the link looks at its deadlines, and lets the library do the same: at least once a second, since
    /// the library counts in whole seconds.
    var tick: Duration { min(.seconds(1), acknowledgementTimeout / 5, connectTimeout / 5) }
}
