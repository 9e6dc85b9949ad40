/// The clock on the wall, passed in wherever a reading gets its time.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp
    private let judge: @Sendable () -> ClockState

    package init(now: @escaping @Sendable () -> Timestamp, state: @escaping @Sendable () -> ClockState) {
        read = now
        judge = state
    }

    package var now: Timestamp { read() }

    /// Whether the time can be trusted at this moment.
    package var state: ClockState { judge() }
}
