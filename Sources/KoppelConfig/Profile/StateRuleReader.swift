internal import KoppelCore

/// Reads how a machine's state is known (data model 3.6).
struct StateRuleReader {
    static let states = ["unknown", "notAvailable", "outOfService", "notExecuting", "executing"]
    static let modes = ["unknown", "none", "maintenance", "setup", "processing"]
    static let causes = [
        "none", "unknown", "operator", "fault", "emergency-stop", "starved", "blocked", "changeover", "planned-stop",
        "no-order", "energy-saving", "communication",
    ]

    /// More would be a sign that the state comes from bits.
    static let maximumOverrides = 16

    let known: KnownSignals

    func read(_ field: Field) -> StateRule? {
        guard case .mapping(let entries) = field.node.content else {
            return field.wrongKind(expected: "a mapping")
        }
        let bases = StateShape.bases.map(\.name)
        var shape = StateShape.anyBasis
        if case .scalar(let basis, _)? = entries.first(where: { $0.key == "basis" })?.value.content,
            let wanted = StateShape.bases.first(where: { $0.name == basis })
        {
            shape = wanted.shape
        }
        guard let section = field.section(shape),
            let basisField = section.required("basis", hint: "One of \(bases.joined(separator: ", "))."),
            let basis = basisField.string()
        else { return nil }
        let overrides = section["unless"].map(overrides) ?? []
        var rule: StateRule? =
            switch basis {
            case "register": register(section)
            case "derived-bits": bits(section)
            case "derived-power": power(section)
            default: nil
            }
        if !bases.contains(basis) {
            basisField.error("`\(basis)` is no basis of a state", hint: suggestion(for: basis, in: bases))
        }
        rule?.overrides = overrides
        return rule
    }

    private func overrides(_ field: Field) -> [StateRule.Override] {
        guard let items = field.list(named: "signal") else { return [] }
        if items.isEmpty { field.error("an empty list", hint: "Name a signal, or leave the key out.") }
        if items.count > Self.maximumOverrides {
            field.error(
                "\(items.count) signals under `unless`, and \(Self.maximumOverrides) are allowed",
                hint: "Use the basis derived-bits, or keep those that stop the machine.")
        }
        return items.compactMap { item in
            guard let section = item.section(StateShape.override) else { return nil }
            let signal = section.required("signal").flatMap(known.name)
            let what = mapped(section)
            guard let signal, let what else { return nil }
            return StateRule.Override(signal: signal, what: what)
        }
    }

    private func mapped(_ section: Section) -> StateRule.MappedState? {
        let state = section.required("state")?.word(of: Self.states)
        let mode = section["mode"]?.word(of: Self.modes)
        let cause = section["cause"]?.word(of: Self.causes)
        let sub = section["sub"]?.string()
        return state.map { StateRule.MappedState(state: $0, mode: mode, cause: cause, sub: sub) }
    }

    private func register(_ section: Section) -> StateRule? {
        let signal = section.required("signal").flatMap(known.name)
        guard let entries = section.required("map")?.entries() else { return nil }
        var map: [Int64: StateRule.MappedState] = [:]
        var likely: Set<Int64> = []
        for (key, value) in entries {
            guard let number = value.keyNumber(key), let parts = value.section(StateShape.mapped) else {
                continue
            }
            map[number] = mapped(parts)
            if parts["derived"]?.bool() == true { likely.insert(number) }
        }
        return signal.map { StateRule(basis: .register(signal: $0, map: map), likely: likely) }
    }

    private func bits(_ section: Section) -> StateRule? {
        let fault = section["fault"].flatMap(known.name)
        let run = section["run"].flatMap(known.name)
        let power = section["power"].flatMap(known.name)
        guard section["fault"] != nil || section["run"] != nil || section["power"] != nil else {
            section.field.keyError("derived-bits needs at least one of `fault`, `run` and `power`")
            return nil
        }
        return StateRule(basis: .bits(fault: fault, run: run, power: power))
    }

    private func power(_ section: Section) -> StateRule? {
        let signal = section.required("signal").flatMap(known.name)
        let idle = section.required("idle")?.number()
        let busy = section.required("busy")?.number()
        let hysteresis = section["hysteresis"]?.number() ?? 0
        let hold = section["hold"]?.duration(in: .zero ... .seconds(86_400)) ?? .seconds(5)
        let isConfirmed = section["confirmed"]?.bool() ?? false
        guard let idle, let busy else { return nil }
        guard idle < busy else {
            section["busy"]?.error("busy (\(busy)) must lie above idle (\(idle))")
            return nil
        }
        if hysteresis < 0 { section["hysteresis"]?.error("a hysteresis is at least 0") }
        return signal.map {
            StateRule(
                basis: .power(
                    signal: $0, idle: idle, busy: busy, hysteresis: hysteresis, hold: hold, confirmed: isConfirmed))
        }
    }
}

/// Reads when a signal means an alarm (data model 3.10).
struct AlarmReader {
    let known: KnownSignals

    func read(_ field: Field) -> [AlarmRule] {
        guard let items = field.list(named: "code") else { return [] }
        var lines: [Identifier: Int] = [:]
        return items.compactMap { item -> AlarmRule? in
            guard let section = item.section(StateShape.alarm) else { return nil }
            let code = section.required("code").flatMap { readCode($0, lines: &lines) }
            let signal = section.required("signal").flatMap(known.name)
            let trigger = section.required("when").flatMap(readTrigger)
            let level = section.required("level")?.choice(AlarmRule.Level.self)
            let severity = section.required("severity")?.int(in: 1...1_000)
            let text = section.required("text")?.dutchAndEnglish()
            guard let code, let signal, let trigger, let level, let severity, let text else { return nil }
            return AlarmRule(
                code: code, signal: signal, trigger: trigger, level: level, severity: severity, text: text)
        }
    }

    private func readCode(_ field: Field, lines: inout [Identifier: Int]) -> Identifier? {
        guard let code = field.identifier() else { return nil }
        if code.description.hasPrefix("kpl-") {
            field.error("codes that start with kpl- are the agent's own", hint: "Choose another code.")
        }
        if let line = lines.updateValue(field.node.position.line, forKey: code) {
            field.error("the alarm code `\(code)` stands twice, also in line \(line)")
        }
        return code
    }

    private func readTrigger(_ field: Field) -> AlarmRule.Trigger? {
        guard let section = field.section(StateShape.trigger) else { return nil }
        var triggers: [AlarmRule.Trigger] = []
        if let value = section["isTrue"], let isTrue = value.bool() {
            if isTrue { triggers.append(.isTrue) } else { value.error("isTrue can only be true") }
        }
        if let number = section["equals"]?.int(in: .min ... .max) { triggers.append(.equals(Int64(number))) }
        if let number = section["above"]?.number() { triggers.append(.above(number)) }
        if let number = section["below"]?.number() { triggers.append(.below(number)) }
        guard triggers.count <= 1 else {
            field.error("an alarm has one trigger", hint: "Write one alarm for each.")
            return nil
        }
        if case .mapping(let entries) = field.node.content, entries.isEmpty {
            field.error("an alarm needs a trigger", hint: "One of isTrue, equals, above, below.")
        }
        return triggers.first
    }
}

/// The signals of a profile, for rules that name one.
struct KnownSignals {
    let names: [String]
    private let lookup: Set<String>

    init(_ names: [String]) {
        self.names = names
        lookup = Set(names)
    }

    func contains(_ name: SignalName) -> Bool { lookup.contains(name.description) }

    /// The name in this field, if the profile has such a signal.
    func name(_ field: Field) -> SignalName? {
        guard let name = field.signalName() else { return nil }
        guard lookup.contains(name.description) else {
            field.error("there is no signal `\(name)`", hint: suggestion(for: name.description, in: names))
            return nil
        }
        return name
    }
}

extension Field {
    /// A word of a closed list.
    func word(of known: [String]) -> String? {
        guard let text = string() else { return nil }
        guard known.contains(text) else {
            error("`\(text)` is not known here", hint: suggestion(for: text, in: known))
            return nil
        }
        return text
    }
}
