/// Turns what a machine's state signals say into its normalised state, by one of the three bases (data model 3.6).
///
/// A pure value. It keeps no more than the level of the power and the one that waits to take its place.
package struct StateLogic: Sendable {
    /// What the signals mean at this moment.
    package struct Verdict: Hashable, Sendable {
        package var what: StateRule.MappedState
        /// The raw number of the state register.
        package var number: Int64?
        /// Never better than the worst of the signals it was taken from.
        package var condition: Condition

        package init(what: StateRule.MappedState, number: Int64? = nil, condition: Condition) {
            self.what = what
            self.number = number
            self.condition = condition
        }
    }

    /// How hard the machine works, by its power.
    private enum Level: Int, Sendable { case off, waiting, working }

    package let basis: MachineState.Basis
    /// The signals it needs, in the order in which ``judge(_:now:)`` takes them.
    package let signals: [SignalName]
    private let rule: StateRule
    private var level: Level?
    private var next: (level: Level, since: Duration)?

    package init(_ rule: StateRule) {
        self.rule = rule
        signals = rule.overrides.map(\.signal) + rule.basisSignals
        basis =
            switch rule.basis {
            case .register: .register
            case .bits: .bits
            case .power: .power
            }
    }

    /// The state, from what each of ``signals`` shows now.
    ///
    /// `now` is monotonic, since any fixed start.
    ///
    /// - Returns: `nil` as long as a signal has shown nothing at all.
    package mutating func judge(_ inputs: [Decoded?], now: Duration) -> Verdict? {
        let shown = inputs.compactMap { $0 }
        guard shown.count == signals.count else { return nil }
        let overriding = shown.prefix(rule.overrides.count)
        // The basis is judged in any case: the level of the power has its own time.
        guard var verdict = judgeBasis(Array(shown.dropFirst(overriding.count)), now: now) else { return nil }
        if let (override, shown) = zip(rule.overrides, overriding).first(where: { $1.value?.isSet == true }) {
            return Verdict(what: override.what, condition: shown.condition)
        }
        // One that cannot be read may be set.
        if let hidden = overriding.first(where: { $0.value == nil }) { return lost(hidden.condition) }
        if let doubt = overriding.map(\.condition).max(by: { $0.quality < $1.quality }),
            doubt.quality > verdict.condition.quality
        {
            verdict.condition = doubt
        }
        return verdict
    }

    private mutating func judgeBasis(_ shown: [Decoded], now: Duration) -> Verdict? {
        guard let first = shown.first else { return nil }
        switch rule.basis {
        case .register(_, let map): return number(first, map)
        case .bits(let fault, let run, let power): return bits(shown, [fault != nil, run != nil, power != nil])
        case .power(_, let idle, let busy, let hysteresis, let hold, let isConfirmed):
            return self.power(
                first, idle: idle, busy: busy, hysteresis: hysteresis, hold: hold, isConfirmed: isConfirmed, now: now)
        }
    }

    /// A lost machine is not off (data model 3.6): nothing is known of it.
    private func lost(_ condition: Condition) -> Verdict {
        Verdict(what: .unknown(cause: condition.isSilence ? "communication" : "unknown"), condition: condition)
    }

    private func number(_ shown: Decoded, _ map: [Int64: StateRule.MappedState]) -> Verdict {
        guard let value = shown.value else { return lost(shown.condition) }
        guard let number = value.wholeNumber, let what = map[number] else {
            return Verdict(
                what: .unknown(cause: "unknown"), number: value.wholeNumber, condition: .unmappedState)
        }
        var condition = what.isKnown ? shown.condition : .unmappedState
        if condition == .good, rule.likely.contains(number) { condition = .derived }
        return Verdict(what: what, number: number, condition: condition)
    }

    /// The fault bit wins, then run, then power. A machine that answers has power if no bit says otherwise.
    private func bits(_ shown: [Decoded], _ isThere: [Bool]) -> Verdict {
        if let bad = shown.first(where: { $0.value == nil }) { return lost(bad.condition) }
        let condition = shown.map(\.condition).max { $0.quality < $1.quality } ?? .good
        var rest = shown[...]
        let flags = isThere.map { $0 ? rest.popFirst()?.value?.isSet : nil }
        let what =
            if flags[0] == true {
                StateRule.MappedState(state: "outOfService", cause: "fault")
            } else if flags[1] == true {
                StateRule.MappedState(state: "executing")
            } else if flags[2] != false {
                StateRule.MappedState(state: "notExecuting")
            } else {
                StateRule.MappedState(state: "notAvailable")
            }
        return Verdict(what: what, condition: condition)
    }

    private mutating func power(
        _ shown: Decoded, idle: Double, busy: Double, hysteresis: Double, hold: Duration, isConfirmed: Bool,
        now: Duration
    ) -> Verdict {
        guard let power = shown.value?.number else {
            level = nil
            next = nil
            return lost(shown.value == nil ? shown.condition : .decodeError)
        }
        let wanted = Self.level(of: power, idle: idle, busy: busy, hysteresis: hysteresis, from: level)
        let old = level ?? wanted
        level = old
        if wanted == old {
            next = nil
        } else {
            // Another level than the one that waits begins its time anew.
            let begin = next.flatMap { $0.level == wanted ? $0.since : nil } ?? now
            next = (wanted, begin)
            if now - begin >= hold {
                level = wanted
                next = nil
            }
        }
        let state = ["notAvailable", "notExecuting", "executing"][(level ?? wanted).rawValue]
        let isPlain = shown.condition == .good
        return Verdict(
            what: StateRule.MappedState(state: state), condition: isPlain && !isConfirmed ? .derived : shown.condition)
    }

    /// A level is entered at its threshold and left only a hysteresis below it.
    private static func level(
        of power: Double, idle: Double, busy: Double, hysteresis: Double, from level: Level?
    ) -> Level {
        let leaveWorking = level == .working ? busy - hysteresis : busy
        let leaveWaiting = (level?.rawValue ?? 0) >= Level.waiting.rawValue ? idle - hysteresis : idle
        if level == .working ? power >= leaveWorking : power > busy { return .working }
        return power >= leaveWaiting ? .waiting : .off
    }
}

extension Condition {
    /// The machine says nothing that can be read: it is silent, or its line is.
    package var isSilence: Bool {
        switch self {
        case .waiting, .connectionRefused, .gatewayPath, .gatewayTarget, .timeout, .staleCommunication,
            .noCommunication,
            .frameError, .busy, .acknowledge:
            true
        default: false
        }
    }
}

extension Value {
    /// The number, if it is a whole one.
    package var wholeNumber: Int64? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .int(let number): number
        case .uint(let number): Int64(exactly: number)
        case .float(let number): Int64(exactly: number)
        case .double(let number): Int64(exactly: number)
        case .text: nil
        }
    }

    /// A bit, or a number other than zero.
    package var isSet: Bool {
        switch self {
        case .bool(let flag): flag
        case .int, .uint, .float, .double: number != 0
        case .text: false
        }
    }
}
