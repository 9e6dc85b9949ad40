package import KoppelCore

/// What the state rules of machines make of what was read just now (`koppel read`). One entry for each machine.
package struct StateReader: Sendable {
    /// The state of a machine, and what it was taken from.
    package struct StateNow: Hashable, Sendable {
        package var what: StateRule.MappedState
        package var basis: MachineState.Basis
        package var condition: Condition
        /// What the signals of the rule said, in its order.
        package var sources: [MachineState.Source]

        package init(
            what: StateRule.MappedState, basis: MachineState.Basis, condition: Condition,
            sources: [MachineState.Source]
        ) {
            self.what = what
            self.basis = basis
            self.condition = condition
            self.sources = sources
        }
    }

    private var rules: [Identifier: StateLogic] = [:]

    package init() {}

    /// The state of a machine that was read at a moment of the agent's time; `nil` if its profile has no rule, or
    /// nothing was read that it needs.
    package mutating func state(
        of machine: MachineSettings, from signals: [LiveReader.SignalNow], at moment: Timestamp
    ) -> StateNow? {
        guard let rule = machine.profile.stateRule else { return nil }
        var logic = rules[machine.id] ?? StateLogic(rule)
        let shown = logic.signals.map { name in signals.first { $0.point.signal == name }?.decoded }
        let verdict = logic.judge(shown, now: .nanoseconds(moment.nanoseconds))
        rules[machine.id] = logic
        guard let verdict else { return nil }
        let isSimulated = machine.simulated && verdict.condition == .good
        return StateNow(
            what: verdict.what, basis: logic.basis, condition: isSimulated ? .simulated : verdict.condition,
            sources: zip(logic.signals, shown).compactMap { name, decoded in
                decoded?.value.map { MachineState.Source(signal: name, value: $0) }
            })
    }
}
