/// The continuous clock, with sleeps that end on a thread of ours.
///
/// A sleep on the clock of the standard library wakes two threads of the shared pool before it reaches the one that
/// slept; an agent that mostly sleeps spends most of its time on that. At most a handful of tasks sleep on one thread
/// at a time.
package struct ThreadClock: Clock {
    package typealias Instant = ContinuousClock.Instant

    private let thread: ThreadExecutor?

    /// - Parameter executor: Where the sleeping tasks run. One that is no ``ThreadExecutor`` sleeps like any other.
    package init(on executor: (any TaskExecutor)?) {
        thread = executor as? ThreadExecutor
    }

    package var now: Instant { ContinuousClock.now }

    package var minimumResolution: Duration { ContinuousClock().minimumResolution }

    /// Never ends before the deadline; the tolerance is not used.
    /// - Throws: `CancellationError` when the task is cancelled.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        guard let thread else { return try await ContinuousClock().sleep(until: deadline, tolerance: tolerance) }
        try await thread.sleep(until: deadline)
    }
}
