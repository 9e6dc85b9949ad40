/// What the kernel says of its own clock (adjtimex).
package struct KernelClock: Hashable, Sendable {
    /// A time source holds the clock, and nobody has set it by hand since.
    package var isSynchronised: Bool
    /// The largest error, in milliseconds; it grows by half a millisecond a second while no source corrects it.
    package var maximumErrorMilliseconds: Double

    package init(isSynchronised: Bool, maximumErrorMilliseconds: Double) {
        self.isSynchronised = isSynchronised
        self.maximumErrorMilliseconds = maximumErrorMilliseconds
    }
}

/// Decides how far the clock can be trusted (data model 4.2, row 33), from what the kernel says and from whether the
/// clock was set.
///
/// - **synchronised**: the kernel says so, its error is at most ``errorLimit``, and the clock was not set by more than
///   ``stepLimit`` within the last ``settling``: of a clock that jumps nobody can say which of the two was right.
/// - **holdover**: it was synchronised, it was not set since, and that is at most ``holdoverLimit`` ago. A plain clock
///   drifts by up to 10 s a day.
/// - **unsynchronised**: all else.
///
/// Times are counted from boot.
package struct ClockJudge: Sendable {
    /// More than two rounds of a time client that asks every 34 minutes, at the kernel's half a millisecond a second.
    package static let errorLimit = 2_500.0
    /// More than a leap second.
    package static let stepLimit = Duration.seconds(2)
    package static let settling = Duration.seconds(60)
    package static let holdoverLimit = Duration.seconds(24 * 3_600)
    /// What the kernel adds to its error while no source corrects the clock: 500 ppm.
    private static let driftPerSecond = 0.5

    private struct Trust: Sendable {
        var offset: Duration
        var at: Duration
        var errorMilliseconds: Double
    }

    /// The last time it was synchronised.
    private var trust: Trust?
    private var unsettled: (offset: Duration, since: Duration)?

    package init() {}

    /// - Parameters:
    ///   - kernel: What the kernel says of the clock.
    ///   - offset: What the wall clock shows less the time since boot.
    ///   - sinceBoot: The moment.
    /// - Returns: The state, and the largest error in milliseconds where there is one.
    package mutating func judge(
        _ kernel: KernelClock, offset: Duration, sinceBoot: Duration
    ) -> (state: ClockState, errorMilliseconds: Double?) {
        let isHeld = kernel.isSynchronised && kernel.maximumErrorMilliseconds <= Self.errorLimit
        if isHeld, isSettled(at: offset, sinceBoot) {
            trust = Trust(offset: offset, at: sinceBoot, errorMilliseconds: kernel.maximumErrorMilliseconds)
            return (.synchronised, kernel.maximumErrorMilliseconds)
        }
        guard let trust, isClose(offset, trust.offset), sinceBoot - trust.at <= Self.holdoverLimit else {
            return (.unsynchronised, nil)
        }
        return (.holdover, trust.errorMilliseconds + (sinceBoot - trust.at).inSeconds * Self.driftPerSecond)
    }

    /// False for a while after a trusted clock was set.
    private mutating func isSettled(at offset: Duration, _ sinceBoot: Duration) -> Bool {
        guard let trust, !isClose(offset, trust.offset) else {
            unsettled = nil
            return true
        }
        guard let unsettled, isClose(unsettled.offset, offset) else {
            unsettled = (offset, sinceBoot)
            return false
        }
        guard sinceBoot - unsettled.since >= Self.settling else { return false }
        self.unsettled = nil
        return true
    }

    private func isClose(_ one: Duration, _ other: Duration) -> Bool {
        one - other <= Self.stepLimit && other - one <= Self.stepLimit
    }
}
