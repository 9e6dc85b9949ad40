internal import KoppelCore

/// What may stand behind a key of a site file.
indirect enum ValueShape: Sendable {
    /// A text that is not empty; with a pattern where every valid one has a form.
    case text(pattern: String? = nil)
    /// An id that may stand in a topic.
    case identifier
    case integer(ClosedRange<Int>)
    case number
    /// A number from a bound on, or above it.
    case numberFrom(Double, excluding: Bool = false)
    case flag
    /// A time with its unit. `zero` says that exactly 0 may stand there too.
    case duration(ClosedRange<Duration>, zero: Bool = false)
    case size(ClosedRange<Int>)
    /// Bytes per second.
    case rate(ClosedRange<Int>)
    case percentage(ClosedRange<Double>)
    case choice([String])
    case localizedText
    case list(of: ValueShape)
    case section(SectionShape)
    /// A mapping with exactly one of the keys.
    case oneKey(of: SectionShape)
    /// A mapping with keys of the owner's choice, which match a pattern.
    case entries(pattern: String?, of: ValueShape)
    /// Nothing, which leaves everything at its default.
    case nothing
    case either([ValueShape])
    /// A value of its own file's form, of which only the names of the keys are known here.
    case keys([String], required: [String])

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
    private static let sizeUnits = "(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)"
    static let identifierPattern = "^[a-z0-9][a-z0-9-]{0,31}$"

    /// The shape as JSON Schema.
    ///
    /// It never refuses what the parser takes. What a schema cannot say (how long a duration is, whether a file is
    /// there) it leaves to `koppel check`.
    var schema: JSONTree {
        switch self {
        case .text(let pattern):
            // A text that looks like a number is one for YAML.
            var members: [JSONTree.Member] = [
                .init("type", ["string", "number", "boolean"]), .init("minLength", 1), .init("maxLength", 1_024),
            ]
            if let pattern { members.append(.init("pattern", .string(pattern))) }
            return .object(members)
        case .identifier:
            return [
                "type": ["string", "integer", "boolean"], "pattern": .string(Self.identifierPattern), "minimum": 0,
            ]
        case .integer(let range):
            return [
                "type": ["integer", "string"], "pattern": "^(0[xX][0-9A-Fa-f]+|[+-]?[0-9]+)$",
                "minimum": .integer(Int64(range.lowerBound)), "maximum": .integer(Int64(range.upperBound)),
            ]
        case .number: return ["type": ["number", "string"], "pattern": .string(Self.writtenNumber)]
        case .numberFrom(let bound, let isExcluded):
            return .object([
                .init("type", ["number", "string"]), .init("pattern", .string(Self.writtenNumber)),
                .init(isExcluded ? "exclusiveMinimum" : "minimum", .number(bound)),
            ])
        case .flag:
            return ["enum": [true, false, "yes", "no", "on", "off", "true", "false", "True", "False"]]
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
                    ["type": ["string", "number"]],
                    [
                        "type": "object", "propertyNames": ["pattern": "^[a-z]{2,3}$"],
                        "additionalProperties": ["type": ["string", "number"]],
                    ],
                ]
            ]
        case .list(let item): return ["type": "array", "items": item.schema]
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
        case .keys(let names, let required):
            return [
                "type": "object",
                "required": .array(required.map { .string($0) }),
                "properties": .object(names.map { .init($0, true) }),
                "additionalProperties": false,
            ]
        }
    }
}

extension SectionShape {
    /// The section as JSON Schema, each key with what it is for.
    var schema: JSONTree {
        var members: [JSONTree.Member] = [.init("type", "object")]
        let required = keys.filter(\.isRequired).map { JSONTree.string($0.name) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        let properties = keys.map { key -> JSONTree.Member in
            guard case .object(let schema) = key.value.schema else { return .init(key.name, key.value.schema) }
            return .init(key.name, .object([.init("description", .string(key.about))] + schema))
        }
        return .object(
            members + [.init("properties", .object(properties)), .init("additionalProperties", false)])
    }
}
