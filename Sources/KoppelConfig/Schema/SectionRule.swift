internal import KoppelCore

/// What one key of a section asks of the others, for the schema. The reader says the same in its own words.
struct SectionRule: Sendable {
    enum Condition: Sendable {
        case has(String)
        case lacks(String)
        /// The key is there and holds one of the words.
        case holds(String, [String])
        /// The key is not there, or holds something else.
        case holdsNot(String, [String])
    }

    enum Demand: Sendable {
        case needs([String])
        case needsOneOf([String])
        case excludes([String])
        /// The value of a key, if it is there, has this narrower shape too.
        case narrows(String, ValueShape)
        /// Each item of the list behind a key, if it is there, obeys these rules.
        case ofEach(String, [SectionRule])
    }

    /// All of them must hold for the demand to count.
    var conditions: [Condition]
    var demand: Demand

    static func when(_ conditions: Condition..., then demand: Demand) -> SectionRule {
        SectionRule(conditions: conditions, demand: demand)
    }

    /// A demand that always counts.
    static func always(_ demand: Demand) -> SectionRule { SectionRule(conditions: [], demand: demand) }
}

extension SectionRule {
    var schema: JSONTree {
        let parts = conditions.map(\.schema)
        guard let first = parts.first else { return demand.schema }
        return ["if": parts.count == 1 ? first : ["allOf": .array(parts)], "then": demand.schema]
    }
}

extension SectionRule.Condition {
    fileprivate var schema: JSONTree {
        switch self {
        case .has(let key): ["required": [.string(key)]]
        case .lacks(let key): ["not": ["required": [.string(key)]]]
        case .holds(let key, let words):
            [
                "required": [.string(key)],
                "properties": .object([.init(key, ["enum": .array(words.map { .string($0) })])]),
            ]
        case .holdsNot(let key, let words): ["not": Self.holds(key, words).schema]
        }
    }
}

extension SectionRule.Demand {
    fileprivate var schema: JSONTree {
        switch self {
        case .needs(let keys): ["required": .array(keys.map { .string($0) })]
        case .needsOneOf(let keys): ["anyOf": .array(keys.map { ["required": [.string($0)]] })]
        case .excludes(let keys): ["properties": .object(keys.map { .init($0, false) })]
        case .narrows(let key, let shape): ["properties": .object([.init(key, shape.schema)])]
        case .ofEach(let key, let rules):
            ["properties": .object([.init(key, ["items": ["allOf": .array(rules.map(\.schema))]])])]
        }
    }
}
