/// Report by exception: which readings of a signal are worth storing (data model 3.5).
///
/// A reading is stored when its value moved beyond the deadband since the last *stored* one, so that a slow drift is
/// not lost in small steps; when its quality or reason changed; when the heartbeat is due; or always, if the rule says
/// so.
package struct ReportFilter: Sendable {
    private let deadband: Double
    private let everyReading: Bool
    private let heartbeat: Duration
    private var stored: Decoded?
    private var storedAt: Duration = .zero

    package init(_ rule: SamplingRule) {
        deadband = rule.deadband
        everyReading = rule.everyReading
        heartbeat = rule.heartbeat
    }

    /// True if the reading has to be stored, which is then taken as done.
    ///
    /// `now` is the monotonic time since any fixed start.
    package mutating func admits(_ reading: Decoded, at now: Duration) -> Bool {
        guard everyReading || isNews(reading) || now - storedAt >= heartbeat else { return false }
        noteStored(reading, at: now)
        return true
    }

    /// Tells of a reading that was stored without asking, such as the one that opens an outage.
    package mutating func noteStored(_ reading: Decoded, at now: Duration) {
        stored = reading
        storedAt = now
    }

    private func isNews(_ reading: Decoded) -> Bool {
        guard let stored, stored.condition == reading.condition else { return true }
        if stored.value == reading.value { return false }
        guard deadband > 0, let before = stored.value?.number, let now = reading.value?.number else { return true }
        return (now - before).magnitude > deadband
    }
}
