internal import KoppelCore

/// Reads what a point means: label, unit, quantity, names of states, counter rule.
struct MeaningReader {
    /// What the IRIs of QUDT begin with.
    static let quantityKinds = "http://qudt.org/vocab/quantitykind/"
    static let qudtUnits = "http://qudt.org/vocab/unit/"

    let section: Section

    /// Dutch and English are expected, so that an operator and an engineer read the same thing.
    func label() -> LocalizedText {
        guard let field = section["label"] else {
            section.field.keyWarning("no label", hint: "Add label: {nl: ..., en: ...}.")
            return [:]
        }
        return field.dutchAndEnglish() ?? [:]
    }

    func unit(_ kind: SignalKind?) -> UnitOfMeasure? {
        guard let field = section["unit"] else {
            if let kind, isNeeded("unit", by: kind) {
                section.field.keyError(
                    "a \(kind.rawValue) needs a `unit`",
                    hint: "For example unit: {ucum: \(kind == .counter ? "kW.h" : "V")}.")
            }
            return nil
        }
        if let text = field.scalarText {
            let code = ForeignUnit(text)?.unit.ucum ?? "V"
            return field.wrongKind(expected: "a mapping", hint: "For example unit: {ucum: \(Self.inMapping(code))}.")
        }
        guard let parts = field.section(PointShape.unit), let key = parts.required("ucum"),
            let text = key.string()
        else { return nil }
        guard let unit = UnitOfMeasure(ucum: text) else {
            key.error("`\(text)` is not in the unit table", hint: Self.unitHint(text))
            return nil
        }
        check(parts["unece"], equals: unit.unece, unit: unit)
        check(parts["qudt"], equals: Self.qudtUnits + unit.qudt, unit: unit)
        return unit
    }

    /// The unit as it is written, in the table or not.
    private var writtenUnit: UnitOfMeasure? {
        switch section["unit"]?.node.content {
        case .scalar(let text, _): ForeignUnit(text)?.unit
        case .mapping(let entries):
            if case .scalar(let text, _) = entries.first(where: { $0.key == "ucum" })?.value.content {
                ForeignUnit(text)?.unit
            } else {
                nil
            }
        case .sequence, nil: nil
        }
    }

    /// What to write instead of a unit as people write it.
    static func unitHint(_ text: String) -> String {
        if ForeignUnit.isNone(text) { return "A number without a unit has the unit \"1\"." }
        if let foreign = ForeignUnit(text) {
            let code = inMapping(foreign.unit.ucum)
            guard foreign.factor != 1 || foreign.shift != 0 else { return "Write \(code)." }
            let shift = foreign.shift == 0 ? "" : " and \(foreign.shift) added"
            return "Write \(code), and scale into it: the value times \(foreign.factor)\(shift)."
        }
        // A single letter is near to every other one.
        let near = text.count > 1 ? nearest(to: text, in: UnitOfMeasure.table.map(\.ucum)) : nil
        return near.map { "Did you mean `\($0)`?" }
            ?? "The table stands in Devices/README.md#units, for example V, kW.h, Cel."
    }

    /// As it stands in a mapping on one line, where braces, brackets and a lone number need quotes.
    private static func inMapping(_ code: String) -> String {
        code.contains { "{}[]%".contains($0) } || code == "1" ? "\"\(code)\"" : code
    }

    private func check(_ field: Field?, equals expected: String?, unit: UnitOfMeasure) {
        guard let field, let text = field.string(), text != expected else { return }
        field.error(
            "`\(text)` is not the code of \(unit.ucum)",
            hint: expected.map { "It is `\($0)`; it may be left out." } ?? "There is none: leave it out.")
    }

    func quantityKind(_ kind: SignalKind?) -> String? {
        let prefix = Self.quantityKinds
        guard let field = section["quantityKind"] else {
            if let kind, isNeeded("quantityKind", by: kind) {
                section.field.keyError(
                    "a \(kind.rawValue) needs a `quantityKind`",
                    hint: "For example quantityKind: \(prefix)\(writtenUnit?.typicalQuantityKind ?? "Voltage")")
            }
            return nil
        }
        guard let text = field.string() else { return nil }
        let name = text.dropFirst(prefix.count)
        guard text.hasPrefix(prefix), !name.isEmpty, name.utf8.allSatisfy(isLetterOrDigit) else {
            let isName = !text.isEmpty && text.utf8.allSatisfy(isLetterOrDigit)
            field.error(
                "`\(text)` is no QUDT quantity kind",
                hint: isName ? "Write \(prefix)\(text)" : "For example \(prefix)Voltage")
            return nil
        }
        return text
    }

    private func isNeeded(_ key: String, by kind: SignalKind) -> Bool {
        PointShape.needed(by: kind).contains(key)
    }

    func semanticIDs() -> [String] {
        guard let field = section["semanticId"] else { return [] }
        let items = field.isList ? field.list() ?? [] : [field]
        return items.compactMap { $0.iri(example: "http://qudt.org/vocab/quantitykind/Voltage") }
    }

    func mtconnect() -> String? {
        guard let field = section["mtconnect"], let text = field.string() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isType = parts.allSatisfy { part in
            part.first.map { ("A"..."Z").contains($0) } == true
                && part.allSatisfy { ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
        }
        guard parts.count <= 2, isType else {
            field.error("`\(text)` is no MTConnect type", hint: "For example VOLTAGE_AC or PART_COUNT/GOOD.")
            return nil
        }
        return text
    }

    func enumeration(_ kind: SignalKind?) -> [Int64: String] {
        guard let field = section["enum"] else {
            if let kind, isNeeded("enum", by: kind) {
                section.field.keyError(
                    "a \(kind.rawValue) needs an `enum`",
                    hint: "For example enum: {0: stopped, 1: running}.")
            }
            return [:]
        }
        guard let entries = field.entries() else { return [:] }
        var result: [Int64: String] = [:]
        for (key, value) in entries {
            guard let number = value.keyNumber(key), let name = value.string() else { continue }
            result[number] = name
        }
        return result
    }

    func counter(_ kind: SignalKind?) -> CounterRule? {
        guard let field = section["counter"] else {
            if let kind, isNeeded("counter", by: kind) {
                section.field.keyError(
                    "a \(kind.rawValue) needs a `counter` rule",
                    hint: "For example counter: {modulus: null, reset: never, maxRatePerSecond: 0.05, counts: energy}.")
            }
            return nil
        }
        guard let parts = field.section(PointShape.counter) else { return nil }
        if let kind, kind != .counter { field.keyError("`counter` goes with kind counter, not \(kind.rawValue)") }
        var modulus: UInt64?
        if let value = parts["modulus"], !value.isNothing { modulus = value.modulus() }
        let reset = parts.required("reset")?.choice(CounterRule.Reset.self)
        let counts = parts["counts"]?.choice(CounterRule.Counts.self)
        let hint = "The highest rate that is plausible, in the signal's unit per second."
        guard let rateField = parts.required("maxRatePerSecond", hint: hint), let rate = rateField.number() else {
            return nil
        }
        guard rate > 0 else {
            rateField.error("maxRatePerSecond is above 0", hint: hint)
            return nil
        }
        guard let reset else { return nil }
        return CounterRule(modulus: modulus, reset: reset, maxRatePerSecond: rate, counts: counts)
    }
}

extension Field {
    /// A text that should be there in Dutch and in English; warns if one is missing.
    func dutchAndEnglish() -> LocalizedText? {
        guard let text = localizedText() else { return nil }
        for (language, name) in [("nl", "Dutch"), ("en", "English")] where text[language] == nil {
            keyWarning("the \(name) text (`\(language)`) is missing")
        }
        return text
    }

    /// A key that is a whole number.
    func keyNumber(_ key: String) -> Int64? {
        guard let number = Int64(key) else {
            keyError("`\(key)` is no whole number")
            return nil
        }
        return number
    }

    fileprivate func modulus() -> UInt64? {
        guard let text = scalarText, let number = UInt64(text), number >= 2 else {
            return wrongKind(expected: "a number of distinct values from 2, for example 65536, or null")
        }
        return number
    }
}

func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
}
