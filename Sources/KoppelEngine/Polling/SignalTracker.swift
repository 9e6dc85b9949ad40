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
        var condition = Condition.waiting
    }

    private var numbering: Numbering
    private var total: Total?
    private let counter: CounterLogic?
    private let interval: Duration
    private let isSimulated: Bool
    private var health: SignalHealth
    private var filter: ReportFilter
    private var previous: (value: Value, time: Timestamp)?
    private var storesNext = false

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
        if let value = numbering.memory.value, let time = numbering.memory.valueTime { previous = (value, time) }
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

    /// The next reading is stored whatever it says, so that a gap can travel with it.
    mutating func storeNext() { storesNext = true }

    // MARK: What happens

    /// The agent has started: the signal waits, and what is missing since the last run is declared.
    mutating func open(time: Timestamp, history: JournalHistory, into readings: inout [Reading]) -> [Gap] {
        let waiting = Decoded.bad(.waiting)
        readings.append(numbering.reading(waiting, at: time))
        var gaps = [gap(of: numbering, until: time, history: history)]
        if total != nil {
            if let reading = total?.numbering.reading(waiting, at: time) { readings.append(reading) }
            gaps.append(total.flatMap { gap(of: $0.numbering, until: time, history: history) })
        }
        filter.noteStored(waiting, at: .zero)
        return gaps.compactMap { $0 }
    }

    private func gap(of numbering: Numbering, until now: Timestamp, history: JournalHistory) -> Gap? {
        guard let reason = history.gapReason else { return nil }
        guard let from = [numbering.memory.time, history.lastAlive].compactMap({ $0 }).max() else { return nil }
        if numbering.memory.seq == 0, reason != .journalDamaged { return nil }
        let span = max(0, now.nanoseconds - from.nanoseconds)
        let slots = interval > .zero ? UInt64(span / interval.wholeNanoseconds) : 0
        // A crash may have cost the sweep that was read and not yet stored.
        let lost = reason == .agentStopped ? slots : max(1, slots)
        guard lost > 0 else { return nil }
        return Gap(signal: numbering.signal, from: from, to: max(from, now), lost: lost, reason: reason)
    }

    /// The device answered, and this came out of it.
    mutating func answered(_ decoded: Decoded, now: Duration, time: Timestamp, into readings: inout [Reading]) {
        var shown = decoded
        if isSimulated, shown.condition == .good { shown.condition = .simulated }
        if counter != nil { count(&shown, time: time) }
        var isStored = storesNext
        if case .recovered = health.answered(shown, time: time, now: now) { isStored = true }
        if isStored {
            filter.noteStored(shown, at: now)
        } else if !filter.admits(shown, at: now) {
            return
        }
        storesNext = false
        readings.append(numbering.reading(shown, at: time))
        appendTotal(at: time, into: &readings)
    }

    private mutating func count(_ shown: inout Decoded, time: Timestamp) {
        guard let counter, let value = shown.value else { return }
        let elapsed = previous.map { Duration.nanoseconds(time.nanoseconds - $0.time.nanoseconds) } ?? .zero
        let step = counter.step(previous: previous?.value, new: value, elapsed: elapsed)
        previous = (value, time)
        if shown.condition == .good { shown.condition = step.reading }
        let newTotal = counter.total(total?.value, after: step)
        total?.value = newTotal
        total?.condition = isSimulated && step.total == .good ? .simulated : step.total
    }

    private mutating func appendTotal(at time: Timestamp, into readings: inout [Reading]) {
        guard let value = total?.value, let condition = total?.condition else { return }
        let decoded = condition.quality == .bad ? Decoded.bad(condition) : Decoded(value: value, condition: condition)
        if let reading = total?.numbering.reading(decoded, at: time) { readings.append(reading) }
    }

    /// A poll failed.
    ///
    /// - Returns: True if the last of the readings it added belongs to the history alone: the last value still
    ///   stands for everybody who watches live (data model 4.1).
    mutating func failed(
        _ condition: Condition, now: Duration, time: Timestamp, into readings: inout [Reading]
    ) -> Bool {
        carryOut(health.failed(condition, now: now), now: now, time: time, into: &readings)
    }

    /// Time has passed.
    mutating func tick(now: Duration, time: Timestamp, into readings: inout [Reading]) {
        _ = carryOut(health.tick(now: now), now: now, time: time, into: &readings)
    }

    private mutating func carryOut(
        _ action: SignalHealth.Action, now: Duration, time: Timestamp, into readings: inout [Reading]
    ) -> Bool {
        switch action {
        case .none, .recovered: return false
        case .sample(let condition):
            store(.bad(condition), now: now, time: time, into: &readings)
            return true
        case .uncertain(let condition, let last):
            store(Decoded(value: last.value, condition: condition), now: now, time: last.time, into: &readings)
            if let value = total?.value, total?.condition.quality != .bad {
                let decoded = Decoded(value: value, condition: condition)
                if let reading = total?.numbering.reading(decoded, at: last.time) { readings.append(reading) }
            }
        case .bad(let condition):
            store(.bad(condition), now: now, time: time, into: &readings)
            if let reading = total?.numbering.reading(.bad(condition), at: time) { readings.append(reading) }
        }
        return false
    }

    private mutating func store(
        _ decoded: Decoded, now: Duration, time: Timestamp, into readings: inout [Reading]
    ) {
        filter.noteStored(decoded, at: now)
        readings.append(numbering.reading(decoded, at: time))
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
