internal import KoppelCore

/// One signal of `koppel decode --json`, and with more keys of `koppel read --json`.
struct SignalDocument: Encodable {
    /// What only a real read knows.
    struct Measured {
        var words: [UInt16]
        var elapsed: Duration?
    }

    private enum Key: String, CodingKey { case signal, value, unit, quality, reason, words, responseMs }

    var signal: SignalName
    var unit: UnitOfMeasure?
    var decoded: Decoded
    var measured: Measured?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(signal.description, forKey: .signal)
        try container.encode(JSONValue(value: decoded.value), forKey: .value)
        try container.encode(unit?.ucum, forKey: .unit)
        try container.encode(decoded.condition.quality.name, forKey: .quality)
        try container.encode(decoded.condition.reason, forKey: .reason)
        guard let measured else { return }
        try container.encode(measured.words, forKey: .words)
        try container.encode(measured.elapsed?.milliseconds, forKey: .responseMs)
    }
}

/// A value as the data model writes it: integers beyond 2^53 - 1 are strings, since most readers of JSON would
/// round them.
struct JSONValue: Encodable {
    private static let exact = (1 << 53) - 1

    var value: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch value {
        case nil: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value) where value.magnitude <= UInt64(Self.exact): try container.encode(value)
        case .int(let value): try container.encode("\(value)")
        case .uint(let value) where value <= UInt64(Self.exact): try container.encode(value)
        case .uint(let value): try container.encode("\(value)")
        case .float(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        }
    }
}
