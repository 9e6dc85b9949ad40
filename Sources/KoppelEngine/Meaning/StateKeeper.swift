internal import KoppelCore

/// The state of one machine as it is told: what it is, since when, and what came before.
struct StateKeeper: Sendable {
    private var logic: StateLogic
    /// The indexes of the watched points it is taken from, in the order of the logic.
    private let inputs: [Int]
    private let isSimulated: Bool
    /// The state told last, also from before a restart.
    private(set) var current: MachineState?
    /// When the current state began, if that was in this run.
    private var begunAt: Duration?
    private var isDoubtful = false
    /// Nothing was told in this run yet.
    private var isRemembered = true
    /// The same state is to be told again: with the time or quality it has now.
    private var owesState = true

    init(_ rule: StateRule, watched: [WatchedPoint], isSimulated: Bool, memory: MachineState?) {
        logic = StateLogic(rule)
        inputs = logic.signals.compactMap { signal in watched.firstIndex { $0.signal == signal } }
        self.isSimulated = isSimulated
        current = memory
    }

    /// What windows are told: a state that is only remembered from before the silence is not known any more.
    var held: (what: StateRule.MappedState, isKnown: Bool) {
        guard !isRemembered, let current else { return (.unknown(cause: "unknown"), false) }
        if current.condition.isSilence { return (.unknown(cause: "communication"), false) }
        return (current.what, current.what.isKnown)
    }

    /// The wall clock became doubtful, or trusted again, or was set.
    mutating func clockChanged(isDoubtful: Bool) {
        self.isDoubtful = isDoubtful
        owesState = true
    }

    /// Looks at the signals again.
    ///
    /// - Returns: What is to be told, if that is anything new.
    mutating func judge(_ watched: [WatchedPoint], now: Duration, time: Timestamp) -> MachineState? {
        let shown = inputs.map { watched[$0].shown }
        guard let verdict = logic.judge(shown, now: now) else { return nil }
        let condition = condition(verdict.condition)
        let isChange = current?.what != verdict.what
        guard isChange || owesState || current?.condition != condition else { return nil }
        let moment = inputs.compactMap { watched[$0].time }.max() ?? time
        var next = MachineState(
            seq: (current?.seq ?? 0) + 1, what: verdict.what, number: verdict.number, basis: logic.basis,
            sources: zip(inputs, shown).compactMap { input, shown in
                shown?.value.map { MachineState.Source(signal: watched[input].signal, value: $0) }
            },
            since: moment, condition: condition, time: moment)
        if let current, !isChange {
            next.since = current.since
        } else if let current {
            next.change = MachineState.Change(from: current.what, after: lasted(current, until: now, moment))
        }
        if isChange { begunAt = now }
        current = next
        owesState = false
        isRemembered = false
        return next
    }

    private func condition(_ condition: Condition) -> Condition {
        guard condition == .good else { return condition }
        return isSimulated ? .simulated : isDoubtful ? .clockUnsynchronised : .good
    }

    /// By the monotonic clock within a run; by the wall clock across a restart, which may have been set back.
    private func lasted(_ state: MachineState, until now: Duration, _ time: Timestamp) -> Duration {
        if let begunAt { return now - begunAt }
        return max(.zero, .nanoseconds(time.nanoseconds) - .nanoseconds(state.since.nanoseconds))
    }
}
