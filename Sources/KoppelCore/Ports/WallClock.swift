/// The clock on the wall, passed in wherever a reading gets its time.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp
    private let judge: @Sendable () -> ClockState

    private let error: @Sendable () -> Double?

    package init(
        now: @escaping @Sendable () -> Timestamp, state: @escaping @Sendable () -> ClockState,
        errorMilliseconds: @escaping @Sendable () -> Double? = { nil }
    ) {
        read = now
        judge = state
        error = errorMilliseconds
    }

    package var now: Timestamp { read() }

    /// Whether the time can be trusted at this moment.
    package var state: ClockState { judge() }

    /// The largest error the system gives for its time, if it gives one.
    package var errorMilliseconds: Double? { error() }
}
