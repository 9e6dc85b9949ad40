/// The clock on the wall, made steady, passed in wherever a reading gets its time.
///
/// A wall clock jumps when somebody or something sets it. The agent reckons in *its own time* instead: what the wall
/// showed when this value was made, carried on by the clock that counts from boot. Ages, intervals and gaps in it are
/// right whatever happens to the wall clock; when a record is made, ``ClockReading/step`` turns its times into what
/// the wall shows.
package struct WallClock: Sendable {
    private let steady: @Sendable () -> Timestamp
    private let look: @Sendable () -> ClockReading
    /// The agent's time less the time since boot; never changes.
    package let anchor: Duration

    /// - Parameters:
    ///   - now: The agent's time. Never goes back.
    ///   - anchor: The agent's time less the time since boot.
    ///   - reading: How the wall clock stands.
    package init(
        now: @escaping @Sendable () -> Timestamp, anchor: Duration, reading: @escaping @Sendable () -> ClockReading
    ) {
        steady = now
        look = reading
        self.anchor = anchor
    }

    /// A wall clock that is never set.
    package init(
        now: @escaping @Sendable () -> Timestamp, state: @escaping @Sendable () -> ClockState,
        errorMilliseconds: @escaping @Sendable () -> Double? = { nil }
    ) {
        self.init(
            now: now, anchor: .zero,
            reading: { ClockReading(state: state(), errorMilliseconds: errorMilliseconds()) })
    }

    /// The agent's time, in which everything is reckoned that is not told to anybody yet.
    package var now: Timestamp { steady() }

    /// How the wall clock stands at this moment.
    package var reading: ClockReading { look() }

    /// What the clock on the wall shows, right or wrong.
    package var wall: Timestamp { now.advanced(by: reading.step) }

    /// Whether the time can be trusted at this moment.
    package var state: ClockState { reading.state }
}

/// How the wall clock stands at one moment.
package struct ClockReading: Hashable, Sendable {
    package var state: ClockState
    /// The largest error the system gives for its time, in milliseconds, if it gives one.
    package var errorMilliseconds: Double?
    /// What the wall clock shows less the time since boot. It changes when the clock is set and at no other time: the
    /// kernel slews both clocks alike.
    package var offset: Duration
    /// What the wall clock shows less the agent's time: by how much the clock was set since the agent began.
    package var step: Duration

    package init(
        state: ClockState, errorMilliseconds: Double? = nil, offset: Duration = .zero, step: Duration = .zero
    ) {
        self.state = state
        self.errorMilliseconds = errorMilliseconds
        self.offset = offset
        self.step = step
    }
}
