internal import KoppelCore

/// What may stand behind a key of a site file, a profile or a vectors file.
indirect enum ValueShape: Sendable {
    /// A text that is not empty; with a pattern where every valid one has a form, and examples an editor can offer.
    case text(pattern: String? = nil, examples: [String] = [])
    /// An id that may stand in a topic.
    case identifier
    /// A whole number. A range that ends at the last `Int` has no end.
    case integer(ClosedRange<Int>)
    case number
    /// A number that is not 0.
    case factor
    /// A number from a bound on, or above it.
    case numberFrom(Double, excluding: Bool = false)
    case flag
    /// A flag that can only be true.
    case yes
    /// A time with its unit. `zero` says that exactly 0 may stand there too.
    case duration(ClosedRange<Duration>, zero: Bool = false)
    case size(ClosedRange<Int>)
    /// Bytes per second.
    case rate(ClosedRange<Int>)
    case percentage(ClosedRange<Double>)
    case choice([String])
    case localizedText
    case list(of: ValueShape, count: ClosedRange<Int> = 0...Int.max)
    case section(SectionShape)
    /// A mapping with exactly one of the keys.
    case oneKey(of: SectionShape)
    /// A mapping with keys of the owner's choice, which match a pattern.
    case entries(pattern: String?, of: ValueShape)
    /// Nothing, which leaves everything at its default.
    case nothing
    /// One value of any kind, and nothing only where `orNothing` says so.
    case scalar(orNothing: Bool)
    case either([ValueShape])

    /// `group/name`.
    static let signalName = ValueShape.text(pattern: signalPattern)

    static func oneOrList(_ shape: ValueShape) -> ValueShape { .either([shape, .list(of: shape)]) }

    /// Words as a file writes them.
    static func choice<Words: CaseIterable & RawRepresentable<String>>(_ words: Words.Type) -> ValueShape {
        .choice(words.allCases.map(\.rawValue))
    }
}

extension ValueShape {
    private static let plainNumber = #"[0-9]+(\.[0-9]+)?|\.[0-9]+"#
    /// A number in quotes is a number for the parser too.
    private static let writtenNumber = #"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"#
    /// A word such as `no` and a number such as 24 are texts for the parser.
    private static let textTypes: JSONTree = ["string", "number", "boolean"]
    private static let sizeUnits = "(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)"
    static let identifierPattern = "^[a-z0-9][a-z0-9-]{0,31}$"
    static let signalPattern = "^[a-z0-9][a-z0-9-]{0,31}/[a-z0-9][a-z0-9-]{0,31}$"
    /// A whole number as a key.
    static let numberPattern = "^[+-]?[0-9]+$"
    static let writtenInteger = "^(0[xX][0-9A-Fa-f]+|[+-]?[0-9]+)$"

    /// The shape as JSON Schema.
    ///
    /// It never refuses what the parser takes. What a schema cannot say (how long a duration is, whether a file is
    /// there) it leaves to `koppel check`.
    var schema: JSONTree {
        switch self {
        case .text(let pattern, let examples):
            // A text that looks like a number is one for YAML.
            var members: [JSONTree.Member] = [
                .init("type", Self.textTypes), .init("minLength", 1), .init("maxLength", 1_024),
            ]
            if let pattern { members.append(.init("pattern", .string(pattern))) }
            if !examples.isEmpty { members.append(.init("examples", .array(examples.map { .string($0) }))) }
            return .object(members)
        case .identifier:
            return [
                "type": ["string", "integer", "boolean"], "pattern": .string(Self.identifierPattern), "minimum": 0,
            ]
        case .integer(let range):
            var members: [JSONTree.Member] = [
                .init("type", ["integer", "string"]), .init("pattern", .string(Self.writtenInteger)),
            ]
            if range.lowerBound > .min { members.append(.init("minimum", .integer(Int64(range.lowerBound)))) }
            if range.upperBound < .max { members.append(.init("maximum", .integer(Int64(range.upperBound)))) }
            return .object(members)
        case .factor:
            return ["type": ["number", "string"], "pattern": .string(Self.writtenNumber), "not": ["const": 0]]
        case .number: return ["type": ["number", "string"], "pattern": .string(Self.writtenNumber)]
        case .numberFrom(let bound, let isExcluded):
            return .object([
                .init("type", ["number", "string"]), .init("pattern", .string(Self.writtenNumber)),
                .init(isExcluded ? "exclusiveMinimum" : "minimum", .number(bound)),
            ])
        case .flag:
            return ["enum": [true, false, "yes", "no", "on", "off", "true", "false", "True", "False"]]
        case .yes: return ["enum": [true, "yes", "on", "true", "True"]]
        case .duration:
            return ["type": "string", "pattern": .string("^(\(Self.plainNumber)) *(ms|s|min|h|d)$")]
        case .size: return ["type": "string", "pattern": .string("^(\(Self.plainNumber)) *\(Self.sizeUnits)$")]
        case .rate: return ["type": "string", "pattern": .string("^(\(Self.plainNumber)) *\(Self.sizeUnits)/s$")]
        case .percentage: return ["type": "string", "pattern": .string("^(\(Self.plainNumber)) *%$")]
        case .choice(let words):
            // A word such as 5 is a number for YAML.
            let numbers = words.compactMap { Int64($0) }.map { JSONTree.integer($0) }
            return ["enum": .array(words.map { .string($0) } + numbers)]
        case .localizedText:
            return [
                "anyOf": [
                    ["type": Self.textTypes],
                    [
                        "type": "object", "propertyNames": ["pattern": "^[a-z]{2,3}$"],
                        "properties": [
                            "nl": ["description": "In Dutch.", "type": Self.textTypes],
                            "en": ["description": "In English.", "type": Self.textTypes],
                        ],
                        "additionalProperties": ["type": Self.textTypes],
                    ],
                ]
            ]
        case .list(let item, let count):
            var members: [JSONTree.Member] = [.init("type", "array")]
            if count.lowerBound > 0 { members.append(.init("minItems", .integer(Int64(count.lowerBound)))) }
            if count.upperBound < .max { members.append(.init("maxItems", .integer(Int64(count.upperBound)))) }
            return .object(members + [.init("items", item.schema)])
        case .section(let shape): return shape.schema
        case .oneKey(let shape):
            guard case .object(let members) = shape.schema else { return shape.schema }
            return .object(members + [.init("minProperties", 1), .init("maxProperties", 1)])
        case .entries(let pattern, let value):
            var members: [JSONTree.Member] = [.init("type", "object")]
            if let pattern { members.append(.init("propertyNames", ["pattern": .string(pattern)])) }
            return .object(members + [.init("additionalProperties", value.schema)])
        case .nothing: return ["type": "null"]
        case .either(let shapes): return ["anyOf": .array(shapes.map(\.schema))]
        case .scalar(let orNothing):
            return ["type": orNothing ? ["string", "number", "boolean", "null"] : Self.textTypes]
        }
    }
}

extension SectionShape {
    /// The section as the whole schema of a file.
    func document(id: String, title: String) -> JSONTree {
        var members: [JSONTree.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"), .init("$id", .string(id)),
            .init("title", .string(title)),
        ]
        if case .object(let own) = schema { members += own }
        return .object(members)
    }

    /// The section as JSON Schema, each key with what it is for.
    var schema: JSONTree {
        var members: [JSONTree.Member] = [.init("type", "object")]
        let required = keys.filter(\.isRequired).map { JSONTree.string($0.name) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        let properties = keys.map { key -> JSONTree.Member in
            guard case .object(let schema) = key.value.schema else { return .init(key.name, key.value.schema) }
            return .init(key.name, .object([.init("description", .string(key.about))] + schema))
        }
        members += [.init("properties", .object(properties)), .init("additionalProperties", false)]
        if !rules.isEmpty { members.append(.init("allOf", .array(rules.map(\.schema)))) }
        return .object(members)
    }
}
