/// How old the last good answer of a signal may get (data model 4.1).
package struct SignalAges: Hashable, Sendable {
    /// From here on the last value is shown as uncertain.
    package var stale: Duration
    /// From here on there is no value any more.
    package var bad: Duration

    package init(stale: Duration, bad: Duration) {
        self.stale = stale
        self.bad = bad
    }

    /// What the rule says; else three intervals but at least 2 s, and ten intervals but at least 30 s.
    package init(_ rule: SamplingRule, interval: Duration) {
        stale = rule.staleAfter ?? max(interval * 3, .seconds(2))
        bad = rule.badAfter ?? max(interval * 10, .seconds(30))
    }
}
