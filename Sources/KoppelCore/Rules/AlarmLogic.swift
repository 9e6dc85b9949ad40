/// When a signal means an alarm, and when it does no more (data model 3.10).
package struct AlarmLogic: Sendable {
    package let rule: AlarmRule
    /// A limit is left only this far on the good side of it, in the signal's unit.
    private let hysteresis: Double
    package private(set) var isActive: Bool

    /// `hysteresis` is the deadband of the signal, so that noise at a limit does not raise an alarm over and over;
    /// `isActive` how it was when the agent last stopped.
    package init(_ rule: AlarmRule, hysteresis: Double = 0, isActive: Bool = false) {
        self.rule = rule
        self.hysteresis = hysteresis
        self.isActive = isActive
    }

    /// Judges what the signal shows.
    ///
    /// A signal without a value changes nothing: an alarm of a machine that is silent is still the last that is known.
    /// - Returns: True if the alarm was raised or has gone.
    package mutating func take(_ shown: Decoded) -> Bool {
        guard let value = shown.value, let holds = holds(value), holds != isActive else { return false }
        isActive = holds
        return true
    }

    private func holds(_ value: Value) -> Bool? {
        let slack = isActive ? hysteresis : 0
        switch rule.trigger {
        case .isTrue: return value.isSet
        case .equals(let number): return value.wholeNumber == number
        case .above(let limit): return value.number.map { $0 > limit - slack }
        case .below(let limit): return value.number.map { $0 < limit + slack }
        }
    }

    /// The number the device itself uses for it.
    package var nativeCode: String? {
        if case .equals(let number) = rule.trigger { "\(number)" } else { nil }
    }
}

extension AlarmRule {
    /// A value of the machine lies outside its limits, and is bad for it.
    package static let outOfLimits = own(
        "kpl-out-of-limits", severity: 400,
        text: ["nl": "Waarde buiten de grenzen", "en": "Value outside its limits"])
    /// The machine, or part of it, is silent for longer than the stale age of a signal.
    package static let stale = own(
        "kpl-stale", severity: 500,
        text: ["nl": "Geen verse waarden van de machine", "en": "No fresh values from the machine"])

    /// The alarms that the agent raises itself, for any machine.
    package static var agentsOwn: [AlarmRule] { [outOfLimits, stale].compactMap { $0 } }

    private static func own(_ code: String, severity: Int, text: LocalizedText) -> AlarmRule? {
        guard let code = Identifier(code), let signal = SignalName("agent/own") else { return nil }
        return AlarmRule(
            code: code, signal: signal, trigger: .isTrue, level: .warning, severity: severity, text: text)
    }
}
