internal import GRDB
internal import KoppelCore

/// Says when something stored happened, on the agent's own time: exactly within one boot, by the wall clock from boot
/// to boot if it could be trusted at both ends, and not at all otherwise.
struct PastTimes {
    private let periods: [Int64: ClockPeriod]
    private let boot: String
    private let clock: WallClock
    private let doubtsClock: Bool
    private let uptime: Duration

    init(_ db: Database, _ surroundings: JournalSurroundings) throws {
        periods = try ClockPeriod.all(db)
        boot = surroundings.bootID
        clock = surroundings.clock
        doubtsClock = surroundings.doubtsClock
        uptime = surroundings.uptime()
    }

    /// The moment on the agent's time; `nil` if nobody can say how long ago it was.
    func onAgentTime(_ time: Timestamp, in number: Int64) -> Timestamp? {
        if number == 0 { return byTheWall(time) }
        guard let period = periods[number] else { return nil }
        if period.boot == boot {
            return time.advanced(by: clock.anchor - .nanoseconds(period.offset))
        }
        let reading = clock.reading
        guard isTrusted(reading.state), let wall = onTheWall(time, in: number) else { return nil }
        let moment = wall.advanced(by: .zero - reading.step)
        return moment <= clock.now ? moment : nil
    }

    /// As ``onAgentTime(_:in:)``, but to the nanosecond what was told before where the wall clock was not set since:
    /// two looks at two clocks differ by some microseconds, and a moment that was told once stays the same.
    func onAgentTimeAsTold(_ time: Timestamp, in number: Int64) -> Timestamp? {
        guard let moment = onAgentTime(time, in: number) else { return nil }
        let told = time.advanced(by: .zero - clock.reading.step)
        let difference = Duration.nanoseconds(moment.nanoseconds) - .nanoseconds(told.nanoseconds)
        return difference < .milliseconds(100) && difference > .milliseconds(-100) ? told : moment
    }

    /// The moment on a wall clock that was right; `nil` if it was not, or nobody knows.
    func onTheWall(_ time: Timestamp, in number: Int64) -> Timestamp? {
        guard let period = number == 0 ? .beforePeriods : periods[number] else { return nil }
        if let correction = period.correction { return time.advanced(by: correction) }
        return doubtsClock ? nil : time
    }

    /// A time that came without a period: from a file's date, or from version 1. It is believed if the clock is, or if
    /// it lies within this boot.
    private func byTheWall(_ time: Timestamp) -> Timestamp? {
        let reading = clock.reading
        let wall = clock.now.advanced(by: reading.step)
        guard time <= wall else { return nil }
        guard isTrusted(reading.state) || time >= wall.advanced(by: .zero - uptime) else { return nil }
        return time.advanced(by: .zero - reading.step)
    }

    private func isTrusted(_ state: ClockState) -> Bool { state != .unsynchronised || !doubtsClock }
}
