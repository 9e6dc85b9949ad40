/// Fills windows of time, aligned to UTC, with how long each state lasted (data model 3.8).
///
/// A pure value. Time is only credited on evidence: from one answer of the machine to the next, to the state that held
/// between them. What lies between answers further apart than `patience` is unknown. Durations are those of the
/// monotonic clock, so a step of the wall clock makes none of them negative; what a step leaves over in a window is
/// unknown, and a window never holds more than its length. Bounded by the number of states in one window, at most
/// ``maximumShares``; what exceeds it is credited without its sub-state.
package struct WindowLogic: Sendable {
    package static let maximumShares = 256

    /// What was decided when time went on.
    package struct Closed: Hashable, Sendable {
        package var start: Timestamp
        package var end: Timestamp
        package var shares: [MachineWindow.Share]
        /// Nanoseconds in which the state was known, or contact held.
        package var covered: Int64
    }

    package private(set) var start: Timestamp
    private let length: Int64
    private let patience: Duration
    private var shares: [MachineWindow.Share] = []
    private var credited: Int64 = 0
    private var covered: Int64 = 0
    /// How much faster than the monotonic clock the wall clock went in this window, steps apart.
    private var slew: Int64 = 0
    private var last: (now: Duration, time: Timestamp)

    /// `length` is from 1 s, and a day has a whole number of them, so that windows are aligned to UTC. `patience` is the
    /// longest between two answers that still counts as contact; `open` the window that was open when the agent last
    /// stopped.
    package init(length: Duration, patience: Duration, now: Duration, time: Timestamp, open: MachineWindow? = nil) {
        self.length = max(1_000_000_000, length.wholeNanoseconds)
        self.patience = patience
        last = (now, time)
        start = Self.start(of: time, length: self.length)
        guard let open, open.start == start, open.length == self.length else { return }
        for share in open.shares { credit(share.nanoseconds, to: share.what, isKnown: false) }
        covered = min(open.covered, credited)
    }

    package var end: Timestamp { Timestamp(nanoseconds: start.nanoseconds + length) }

    private static func start(of time: Timestamp, length: Int64) -> Timestamp {
        let rest = time.nanoseconds % length
        return Timestamp(nanoseconds: time.nanoseconds - (rest < 0 ? rest + length : rest))
    }

    /// Time has gone on until this moment, by an answer of the machine. `what` is the state that held until now;
    /// `isKnown` says whether it, or without a state rule the contact, counts as known.
    ///
    /// - Returns: The window that ended meanwhile, if one did. Windows that passed as a whole without a word are passed
    ///   over.
    package mutating func answered(
        at now: Duration, _ time: Timestamp, what: StateRule.MappedState, isKnown: Bool
    ) -> Closed? {
        let isInTime = now - last.now <= patience
        return advance(to: now, time, isInTime ? what : .unknown(cause: "communication"), isInTime && isKnown)
    }

    /// Time has gone on and the machine has said nothing. Call it as often as a window should end punctually.
    package mutating func passed(to now: Duration, _ time: Timestamp) -> Closed? {
        now - last.now > patience ? advance(to: now, time, .unknown(cause: "communication"), false) : nil
    }

    private mutating func advance(
        to now: Duration, _ time: Timestamp, _ what: StateRule.MappedState, _ isKnown: Bool
    ) -> Closed? {
        let elapsed = max(0, now.wholeNanoseconds - last.now.wholeNanoseconds)
        let step = time.nanoseconds.subtractingReportingOverflow(
            last.time.advanced(by: .nanoseconds(elapsed)).nanoseconds)
        let isStep = step.overflow || step.partialValue.magnitude > 1_000_000_000
        if !isStep { slew += step.partialValue }
        last = (now, time)
        // A step back within the window leaves it open; by more than a window, the time before it was wrong.
        guard time >= end || time.nanoseconds < start.nanoseconds - length else {
            credit(elapsed, to: what, isKnown: isKnown)
            return nil
        }
        // What elapsed after the end belongs to the window that holds `time`. A step of the clock belongs to none.
        let next = Self.start(of: time, length: length)
        let intoNext = isStep ? 0 : min(elapsed, time.nanoseconds - next.nanoseconds)
        credit(elapsed - intoNext, to: what, isKnown: isKnown)
        let closed = close()
        start = next
        credit(intoNext, to: what, isKnown: isKnown)
        return closed
    }

    /// What is known of the open window so far.
    package var open: Closed { Closed(start: start, end: end, shares: shares, covered: covered) }

    /// The rest of the window is unknown, so that the shares add up to its length exactly. What a wall clock that is
    /// drawn to its source made of it belongs to the longest share.
    private mutating func close() -> Closed {
        if slew > 0, let longest = shares.max(by: { $0.nanoseconds < $1.nanoseconds }) {
            credit(slew, to: longest.what, isKnown: covered == credited)
        }
        credit(length - credited, to: .unknown(cause: "unknown"), isKnown: false)
        defer {
            shares = []
            credited = 0
            covered = 0
            slew = 0
        }
        return open
    }

    private mutating func credit(_ nanoseconds: Int64, to what: StateRule.MappedState, isKnown: Bool) {
        let amount = min(nanoseconds, length - credited)
        guard amount > 0 else { return }
        credited += amount
        if isKnown { covered += amount }
        var what = what
        if let index = shares.firstIndex(where: { $0.what == what }) {
            shares[index].nanoseconds += amount
            return
        }
        if shares.count >= Self.maximumShares - 1 {
            what = StateRule.MappedState(state: what.state, mode: what.mode)
            if let index = shares.firstIndex(where: { $0.what == what }) {
                shares[index].nanoseconds += amount
                return
            }
        }
        shares.append(MachineWindow.Share(what: what, nanoseconds: amount))
    }
}

extension MachineWindow {
    /// The window as it is published when nothing more can be learnt of it: what is missing is unknown.
    package var completed: MachineWindow {
        var result = self
        result.isClosed = true
        let rest = length - shares.reduce(0) { $0 + $1.nanoseconds }
        guard rest > 0 else { return result }
        let unknown = StateRule.MappedState.unknown(cause: "unknown")
        if let index = result.shares.firstIndex(where: { $0.what == unknown }) {
            result.shares[index].nanoseconds += rest
        } else {
            result.shares.append(Share(what: unknown, nanoseconds: rest))
        }
        return result
    }
}
