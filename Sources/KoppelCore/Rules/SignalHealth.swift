/// What consumers are told about a signal while its machine does not answer (data model 4.1 and 4.2, rows 3 to 19).
///
/// Times are monotonic, since any fixed start; they never fall. Ask ``tick(now:)`` also when nothing is polled, since
/// an age is reached by itself (field rule P43). Only an answer makes a signal good again, never a connection (P44).
package struct SignalHealth: Sendable {
    /// What is to be done now.
    package enum Action: Hashable, Sendable {
        case none
        /// The first failed poll of an outage: store one bad reading, so that the moment is known. The last reading
        /// stands for all who watch live.
        case sample(Condition)
        /// Show the last value again, once, as uncertain and with its own old time.
        case uncertain(Condition, LastValue)
        /// There is no value any more, and here is why.
        case bad(Condition)
        /// The device answers again after `outage`: store this reading whatever the report filter says.
        case recovered(outage: Duration)
    }

    private enum Shown: Sendable { case reading, lastValue, nothing }

    package let ages: SignalAges
    /// What is known to consumers now.
    package private(set) var condition = Condition.waiting
    private var shown = Shown.reading
    private var last: LastValue?
    private var hasAnswered = false
    /// When the device last said anything that makes sense.
    private var heardAt: Duration?
    private var outageBegan: Duration?
    /// The latest failure that may pass by itself; `nil` while the device says no for good, or all is well.
    private var passing: Condition?
    private var isLost = false

    package init(ages: SignalAges) { self.ages = ages }

    /// The device answered, and this came out of it. A bad value (a sentinel, say) is an answer too, but leaves
    /// nothing to show in an outage.
    package mutating func answered(_ decoded: Decoded, time: Timestamp, now: Duration) -> Action {
        last = decoded.value.map { LastValue(value: $0, time: time) }
        hasAnswered = true
        heardAt = now
        condition = decoded.condition
        shown = .reading
        passing = nil
        isLost = false
        guard let began = outageBegan else { return .none }
        outageBegan = nil
        return .recovered(outage: now - began)
    }

    /// A poll failed: no answer, or an exception instead of one. It is passing if the exception was given to several
    /// signals at once and need not mean this one.
    package mutating func failed(_ failure: Condition, isPassing: Bool = false, now: Duration) -> Action {
        let isFirst = outageBegan == nil
        if isFirst { outageBegan = now }
        guard isPassing || failure.mayPass else { return refused(failure, now: now) }
        passing = failure
        if shown == .reading, failure == .acknowledge, let last {
            return show(last, as: .acknowledge)
        }
        if isFirst {
            guard !hasAnswered else { return .sample(failure.withoutValue) }
            return showNothing(failure.withoutValue)
        }
        return tick(now: now)
    }

    /// Time has passed. Call it as often as an age should be told punctually.
    package mutating func tick(now: Duration) -> Action {
        guard !isLost, shown != .nothing || passing != nil, let since = heardAt ?? outageBegan else { return .none }
        if now - since >= ages.bad {
            isLost = true
            let reason = reasonAfterBadAge
            guard shown != .nothing || condition != reason else { return .none }
            outageBegan = outageBegan ?? now
            return showNothing(reason)
        }
        guard now - since >= ages.stale, shown != .nothing, condition != .staleCommunication, let last else {
            return .none
        }
        outageBegan = outageBegan ?? now
        return show(last, as: .staleCommunication)
    }

    /// When ``tick(now:)`` will have something to do, if nothing else happens before; `nil` if never.
    package var nextChange: Duration? {
        guard !isLost, shown != .nothing || passing != nil, let since = heardAt ?? outageBegan else { return nil }
        let canGoStale = shown != .nothing && condition != .staleCommunication && last != nil
        return since + (canGoStale ? min(ages.stale, ages.bad) : ages.bad)
    }

    /// What has been told of the outage last, to be told again where it could not be stored; `.none` while the
    /// device answers.
    package var repeated: Action {
        switch shown {
        case .reading: passing.map { .sample($0.withoutValue) } ?? .none
        case .lastValue: last.map { .uncertain(condition, $0) } ?? .none
        case .nothing: .bad(condition)
        }
    }

    /// Asking again does not help, so nothing is gained by waiting for an age.
    private mutating func refused(_ failure: Condition, now: Duration) -> Action {
        passing = nil
        isLost = false
        // An exception is a sign of life: silence that follows has its own age.
        heardAt = now
        return shown == .nothing && condition == failure ? .none : showNothing(failure)
    }

    /// Rows 4, 10, 14 and 15 come before row 18.
    private var reasonAfterBadAge: Condition {
        switch passing {
        case .busy, .gatewayPath, .gatewayTarget, .illegalAddress, .illegalValue: passing ?? .noCommunication
        case .connectionRefused where !hasAnswered: .connectionRefused
        default: .noCommunication
        }
    }

    private mutating func show(_ last: LastValue, as doubt: Condition) -> Action {
        shown = .lastValue
        condition = doubt
        return .uncertain(doubt, last)
    }

    private mutating func showNothing(_ reason: Condition) -> Action {
        shown = .nothing
        condition = reason
        return .bad(reason)
    }
}

extension Condition {
    /// True for failures of a poll that asking again may cure; all others stand for something a person has to change,
    /// or that the device itself calls broken.
    fileprivate var mayPass: Bool {
        switch self {
        case .timeout, .connectionRefused, .frameError, .acknowledge, .busy, .gatewayPath, .gatewayTarget: true
        default: false
        }
    }

    /// Row 9 shows the last value; without one the device has just not got ready yet.
    fileprivate var withoutValue: Condition { self == .acknowledge ? .waiting : self }
}
