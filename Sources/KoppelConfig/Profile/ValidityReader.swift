internal import KoppelCore

/// Reads when a value counts (`validWhen`): one condition, or a list of them that must all hold.
struct ValidityReader {
    /// Conditions of one point.
    static let maximumConditions = 4
    /// Numbers in `is`, and in `otherwise`.
    static let maximumNumbers = 16

    private static let example = "For example {signal: status/input-error, is: 0, otherwise: sensor-fault}."

    func read(_ field: Field?) -> [ValidityRule] {
        guard let field else { return [] }
        guard field.isList, let items = field.list() else { return readRule(field).map { [$0] } ?? [] }
        guard (1...Self.maximumConditions).contains(items.count) else {
            field.error("a value has 1 to \(Self.maximumConditions) conditions, and here are \(items.count)")
            return []
        }
        return items.compactMap(readRule)
    }

    private func readRule(_ field: Field) -> ValidityRule? {
        guard field.isMapping else { return field.wrongKind(expected: "a condition", hint: Self.example) }
        let synonyms = [
            "address": "signal", "register": "signal", "bit": "signal", "equals": "is", "value": "is",
            "isTrue": "is", "means": "otherwise", "else": "otherwise",
        ]
        guard let section = field.section(PointShape.condition, synonyms: synonyms) else { return nil }
        let signal = section.required("signal", hint: Self.example)?.signalName()
        let accepted = section.required("is", hint: "The number at which the value counts, or a list of them.")
            .flatMap(readNumbers)
        let meanings = Sentinel.Meaning.allCases.map(\.rawValue).joined(separator: ", ")
        let otherwise = section.required("otherwise", hint: "One of \(meanings), or {1: sensor-fault, 2: over-range}.")
            .flatMap { readOtherwise($0, accepted: accepted ?? []) }
        guard let signal, let accepted, let otherwise else { return nil }
        return ValidityRule(signal: signal, accepted: accepted, otherwise: otherwise)
    }

    private func readNumbers(_ field: Field) -> [Int64]? {
        let items = field.isList ? field.list() ?? [] : [field]
        guard (1...Self.maximumNumbers).contains(items.count) else {
            field.error("1 to \(Self.maximumNumbers) numbers belong here, and here are \(items.count)")
            return nil
        }
        let numbers = items.compactMap(readNumber)
        return numbers.count == items.count ? numbers : nil
    }

    /// A bit is true or false too.
    private func readNumber(_ field: Field) -> Int64? {
        switch field.scalarText {
        case "true", "True", "yes", "on": 1
        case "false", "False", "no", "off": 0
        default: field.int(in: .min ... .max).map { Int64($0) }
        }
    }

    private func readOtherwise(_ field: Field, accepted: [Int64]) -> ValidityRule.Otherwise? {
        guard field.isMapping, let entries = field.entries() else {
            return field.choice(Sentinel.Meaning.self).map { .meaning($0) }
        }
        guard (1...Self.maximumNumbers).contains(entries.count) else {
            field.error("1 to \(Self.maximumNumbers) numbers belong here, and here are \(entries.count)")
            return nil
        }
        var meanings: [Int64: Sentinel.Meaning] = [:]
        for (key, value) in entries {
            guard let number = value.keyNumber(key) else { continue }
            if accepted.contains(number) { value.keyError("\(number) stands in `is` too, so the value counts at it") }
            meanings[number] = value.choice(Sentinel.Meaning.self)
        }
        return meanings.count == entries.count ? .byNumber(meanings) : nil
    }
}
