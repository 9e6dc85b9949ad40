internal import KoppelCore

/// Every key of `state:` and `alarms:` of a profile.
enum StateShape {
    /// One form for each basis.
    static let state = ValueShape.either(bases.map { .section($0.shape) })

    static let bases: [(name: String, shape: SectionShape)] = [
        ("derived-bits", basis("derived-bits", bits)),
        ("derived-power", basis("derived-power", power)),
        ("register", basis("register", register)),
    ]

    /// The keys of every basis, for a state that names none.
    static let anyBasis = SectionShape(
        bases.flatMap(\.shape.keys).reduce(into: []) { keys, key in
            if !keys.contains(where: { $0.name == key.name }) { keys.append(key) }
        })

    private static func basis(_ name: String, _ shape: SectionShape) -> SectionShape {
        SectionShape([
            required(
                "basis",
                "register: the device has a register with its state. derived-bits: from fault, run and power bits."
                    + " derived-power: from how much power it draws.",
                .choice([name])),
            optional(
                "unless", "Signals that settle the state while they are set, whatever the basis says; the first wins.",
                .list(of: .section(override), count: 1...StateRuleReader.maximumOverrides)),
        ]) + shape
    }

    static let override =
        SectionShape([
            required("signal", "The signal that settles the state while it is true, or not 0.", .signalName)
        ]) + outcome

    private static let bits = SectionShape(
        [
            optional("fault", "The signal that is true in a fault; it goes before the others.", .signalName),
            optional("run", "The signal that is true while the machine runs.", .signalName),
            optional("power", "The signal that is true while the machine is on.", .signalName),
        ], rules: [.always(.needsOneOf(["fault", "run", "power"]))])

    private static let power = SectionShape([
        required("signal", "The signal with the active power.", .signalName),
        required("idle", "Below this power, in the signal's unit, the machine is off.", .number),
        required("busy", "Above this power the machine works; between idle and busy it waits.", .number),
        optional("hysteresis", "How far the power has to come back before the state does. Default 0.", .numberFrom(0)),
        optional(
            "hold", "How long the power has to stay there. Default 5s.",
            .duration(.zero ... .seconds(86_400), zero: true)),
        optional("confirmed", "true: the bounds were checked at the machine. Default false.", .flag),
    ])

    private static let register = SectionShape([
        required("signal", "The signal with the state of the device.", .signalName),
        required(
            "map", "The state that each number of the device means.",
            .entries(pattern: ValueShape.numberPattern, of: .section(mapped))),
    ])

    private static let outcome = SectionShape([
        required("state", "What the machine does.", .choice(StateRuleReader.states)),
        optional("mode", "What it is being used for.", .choice(StateRuleReader.modes)),
        optional("cause", "Why it does not produce.", .choice(StateRuleReader.causes)),
        optional("sub", "The maker's own name of this state.", .text()),
    ])

    static let mapped =
        outcome
        + SectionShape([
            optional(
                "derived",
                "true: the number makes this state likely and not certain, so the state is uncertain. Default false.",
                .flag)
        ])

    // MARK: Alarms

    static let alarm = SectionShape([
        required(
            "code", "The id of the alarm; it stands in its topic. kpl- is the agent's own.",
            .text(pattern: "^(?!kpl-)[a-z0-9][a-z0-9-]{0,31}$")),
        required("signal", "The signal that tells it.", .signalName),
        required("when", "When it is an alarm.", .oneKey(of: trigger)),
        required(
            "level", "warning: look at it. fault: the machine does not do its work.", .choice(AlarmRule.Level.self)),
        required("severity", "How severe: 1 to 1000, as in OPC UA.", .integer(1...1_000)),
        required("text", "What people see, in Dutch and English.", .localizedText),
    ])

    static let trigger = SectionShape([
        optional("isTrue", "The bit is set: true.", .yes),
        optional("equals", "The value is this whole number.", .integer(.min ... .max)),
        optional("above", "The value is above this.", .number),
        optional("below", "The value is below this.", .number),
    ])
}
