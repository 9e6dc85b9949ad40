internal import KoppelCore

/// One published point as its bus polls it: turns what is read of it into the readings to store.
///
/// A pure value with a memory of constant size: seq, the last value, and for a counter its running total.
struct SignalTracker: Sendable {
    /// What a signal needs to number its readings.
    private struct Numbering: Sendable {
        let signal: SignalNumber
        var seq: UInt64
        let memory: SignalMemory

        mutating func reading(_ decoded: Decoded, at time: Timestamp) -> Reading {
            seq += 1
            return Reading(
                signal: signal, condition: decoded.condition, seq: seq, time: time, value: decoded.value)
        }
    }

    /// The running total of a counter (data model 3.7).
    private struct Total: Sendable {
        var numbering: Numbering
        var value: Value?
        /// What belongs to the last answer of the counter.
        var shown = Decoded.bad(.waiting)
    }

    /// What one reading of a counter meant.
    struct Counted: Sendable {
        var step: CounterLogic.Step
        var before: Value?
        var after: Value
        var total: Value?
    }

    /// The last value that was not bad. How long ago it was is told by the monotonic clock within a run, and by the
    /// agent's own time across a restart, if the journal could place it there: a counter is credited with doubt
    /// otherwise, since no rate can be told.
    private struct Previous: Sendable {
        var value: Value
        var time: Timestamp?
        var readAt: Duration?

        func elapsed(until now: Duration, _ time: Timestamp) -> Duration {
            if let readAt { return now - readAt }
            return self.time.map { .nanoseconds(time.nanoseconds) - .nanoseconds($0.nanoseconds) } ?? .zero
        }
    }

    private var numbering: Numbering
    private var total: Total?
    private let counter: CounterLogic?
    private let interval: Duration
    private let isSimulated: Bool
    private var health: SignalHealth
    private var filter: ReportFilter
    private var plausibility: PlausibilityGuard?
    private var previous: Previous?
    private var lastRead: (decoded: Decoded, time: Timestamp)?
    /// A reading could not be stored, or its quality changed by itself: the state is told again at the next chance.
    private var owesReading = false
    /// What the last answer meant, if this is a counter and it said a number.
    private(set) var counted: Counted?

    private init(
        point: Point, interval: Duration, isSimulated: Bool, numbering: Numbering, total: Numbering?
    ) {
        self.numbering = numbering
        self.interval = interval
        self.isSimulated = isSimulated
        self.total = total.map { Total(numbering: $0, value: $0.memory.value) }
        counter = total == nil ? nil : CounterLogic(point)
        health = SignalHealth(ages: SignalAges(point.sampling, interval: interval))
        filter = ReportFilter(point.sampling)
        plausibility = PlausibilityGuard(point.sampling)
        if let value = numbering.memory.value {
            previous = Previous(value: value, time: numbering.memory.valueTime)
        }
    }

    /// A tracker for each published point, by the index of the point; `nil` for helpers.
    static func trackers(for settings: MachineSettings, register: MachineRegister) -> [SignalTracker?] {
        var points = [Numbering?](repeating: nil, count: settings.points.count)
        var totals = points
        let entries = PublishedSignals(points: settings.points).entries
        for (entry, (number, memory)) in zip(entries, zip(register.signals, register.memories)) {
            let numbering = Numbering(signal: number, seq: memory.seq, memory: memory)
            switch entry.source {
            case .point(let index): points[index] = numbering
            case .total(let index): totals[index] = numbering
            }
        }
        return settings.points.indices.map { index in
            guard let numbering = points[index] else { return nil }
            let point = settings.points[index]
            return SignalTracker(
                point: point, interval: point.sampling.interval ?? settings.profile.interval,
                isSimulated: settings.simulated, numbering: numbering, total: totals[index])
        }
    }

    /// The signal, and its total if it is a counter.
    var signals: [SignalNumber] { [numbering.signal] + (total.map { [$0.numbering.signal] } ?? []) }

    /// The device gave this signal a value at some time, in this run or an earlier one.
    var hasDelivered: Bool { lastRead != nil || previous != nil }
    /// When ``tick(now:time:into:)`` will have something to say, if nothing else happens before.
    var nextAge: Duration? { health.nextChange }
    /// No age of the signal is reached sooner after it was heard of.
    var shortestAge: Duration { min(health.ages.stale, health.ages.bad) }

    /// A reading that was given could not be stored, so what it said is not known yet.
    mutating func couldNotStore() { owesReading = true }

    /// The wall clock was set, or became doubtful, or trusted again, and with it the time of what is shown.
    mutating func clockChanged() { if lastRead != nil { owesReading = true } }

    // MARK: What happens

    /// The agent has started: the signal waits, and what is missing since the last run is declared.
    mutating func open(time: Timestamp, history: JournalHistory, into readings: inout [Reading]) -> [Gap] {
        let waiting = Decoded.bad(.waiting)
        readings.append(numbering.reading(waiting, at: time))
        if let reading = total?.numbering.reading(waiting, at: time) { readings.append(reading) }
        filter.noteStored(waiting, at: .zero)
        return [numbering, total?.numbering].compactMap { numbering in
            guard let numbering else { return nil }
            let from = [numbering.memory.time, history.lastAlive].compactMap { $0 }.max()
            // Nobody can say how long ago the last run was: one reading at least is missing before now.
            return gap(of: numbering, from: from ?? time, to: time, atLeast: from == nil ? 1 : 0, history: history)
        }
    }

    /// As ``open(time:history:into:)`` declared that at least one reading is missing: the others, now that the times are
    /// known.
    func countedGaps(from: Timestamp, to opened: Timestamp, history: JournalHistory) -> [Gap] {
        [numbering, total?.numbering].compactMap { numbering in
            guard let numbering, from < opened else { return nil }
            var gap = gap(of: numbering, from: from, to: opened, atLeast: 1, history: history)
            gap?.lost -= 1
            return gap.flatMap { $0.lost > 0 ? $0 : nil }
        }
    }

    private func gap(
        of numbering: Numbering, from: Timestamp, to now: Timestamp, atLeast least: UInt64, history: JournalHistory
    ) -> Gap? {
        guard let reason = history.gapReason else { return nil }
        // In a new epoch nothing has a seq, but what was stored before has left a time or a value.
        let isNew = numbering.memory.seq == 0 && numbering.memory.time == nil && numbering.memory.value == nil
        if isNew, reason != .journalDamaged { return nil }
        let span = max(0, (Duration.nanoseconds(now.nanoseconds) - .nanoseconds(from.nanoseconds)).wholeNanoseconds)
        // Without an interval nobody can say how many there would have been, but it was not none.
        let slots = interval > .zero ? UInt64(span / interval.wholeNanoseconds) : span > 0 ? 1 : 0
        // A crash may have cost the sweep that was read and not yet stored.
        let lost = max(reason == .agentStopped ? least : 1, slots)
        guard lost > 0 else { return nil }
        return Gap(signal: numbering.signal, from: from, to: max(from, now), lost: lost, reason: reason)
    }

    /// The device answered, and this came out of it.
    mutating func answered(_ decoded: Decoded, now: Duration, time: Timestamp, into readings: inout [Reading]) {
        var shown = decoded
        if counter != nil { count(&shown, now: now, time: time) }
        if let doubt = plausibility?.condition(of: shown, now: now), doubt != shown.condition {
            shown.condition = doubt
            if total?.shown.condition == .good { total?.shown.condition = doubt }
        }
        if isSimulated {
            if shown.condition == .good { shown.condition = .simulated }
            if total?.shown.condition == .good { total?.shown.condition = .simulated }
        }
        lastRead = (shown, time)
        var isStored = owesReading
        if case .recovered = health.answered(shown, time: time, now: now) { isStored = true }
        if isStored {
            filter.noteStored(shown, at: now)
        } else if !filter.admits(shown, at: now) {
            return
        }
        append(shown, total: total?.shown, at: time, to: &readings)
    }

    /// The total is never better than the reading it comes from (data model 4.2, derived signals).
    private mutating func count(_ shown: inout Decoded, now: Duration, time: Timestamp) {
        guard let counter else { return }
        guard let value = shown.value else {
            total?.shown = .bad(shown.condition)
            counted = nil
            return
        }
        let elapsed = previous?.elapsed(until: now, time) ?? .zero
        let step = counter.step(previous: previous?.value, new: value, elapsed: elapsed)
        let newTotal = counter.total(total?.value, after: step)
        counted = Counted(step: step, before: previous?.value, after: value, total: newTotal)
        previous = Previous(value: value, time: time, readAt: now)
        let condition = step.total.quality < shown.condition.quality ? shown.condition : step.total
        total?.value = newTotal
        total?.shown =
            condition.quality == .bad ? .bad(condition) : Decoded(value: newTotal, condition: condition)
        if shown.condition == .good { shown.condition = step.reading }
    }

    private mutating func append(
        _ decoded: Decoded, total shown: Decoded?, at time: Timestamp, to readings: inout [Reading]
    ) {
        owesReading = false
        readings.append(numbering.reading(decoded, at: time))
        if let shown, let reading = total?.numbering.reading(shown, at: time) { readings.append(reading) }
    }

    /// A poll failed. During a search it is still to be found out whether it is this signal that the device refuses.
    ///
    /// - Returns: True if the last of the readings it added belongs to the history alone: the last value still
    ///   stands for everybody who watches live (data model 4.1).
    mutating func failed(
        _ condition: Condition, isSearching: Bool, now: Duration, time: Timestamp, into readings: inout [Reading]
    ) -> Bool {
        let action = health.failed(condition, isPassing: isSearching, now: now)
        return carryOut(action, now: now, time: time, into: &readings)
    }

    /// Time has passed. What is still owed is told now.
    ///
    /// - Returns: As ``failed(_:isSearching:now:time:into:)``.
    mutating func tick(now: Duration, time: Timestamp, into readings: inout [Reading]) -> Bool {
        _ = carryOut(health.tick(now: now), now: now, time: time, into: &readings)
        return owesReading && tellAgain(now: now, time: time, into: &readings)
    }

    /// Adds what is known of the signal as one more reading: the last answer with its own time, or the state of the
    /// outage.
    ///
    /// - Returns: As ``failed(_:isSearching:now:time:into:)``.
    mutating func tellAgain(now: Duration, time: Timestamp, into readings: inout [Reading]) -> Bool {
        let action = health.repeated
        guard action == .none else { return carryOut(action, now: now, time: time, into: &readings) }
        let (decoded, readAt) = lastRead ?? (.bad(.waiting), time)
        filter.noteStored(decoded, at: now)
        append(decoded, total: total?.shown, at: readAt, to: &readings)
        return false
    }

    private mutating func carryOut(
        _ action: SignalHealth.Action, now: Duration, time: Timestamp, into readings: inout [Reading]
    ) -> Bool {
        switch action {
        case .none, .recovered: return false
        case .sample(let condition):
            filter.noteStored(.bad(condition), at: now)
            append(.bad(condition), total: nil, at: time, to: &readings)
            return true
        case .uncertain(let condition, let last):
            let decoded = Decoded(value: last.value, condition: condition)
            let shown = total?.shown.value.map { Decoded(value: $0, condition: condition) }
            filter.noteStored(decoded, at: now)
            append(decoded, total: shown, at: last.time, to: &readings)
        case .bad(let condition):
            filter.noteStored(.bad(condition), at: now)
            append(.bad(condition), total: .bad(condition), at: time, to: &readings)
        }
        return false
    }
}

extension JournalHistory {
    /// Why readings are missing since the last run; `nil` if there was none.
    fileprivate var gapReason: GapReason? {
        switch lastEnd {
        case .first: nil
        case .stopped: .agentStopped
        case .crashed: .agentCrashed
        case .damaged: .journalDamaged
        }
    }
}
