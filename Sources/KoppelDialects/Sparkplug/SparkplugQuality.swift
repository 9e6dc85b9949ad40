internal import KoppelCore

/// The Quality property (Sparkplug 3.0.0, 6.4.10) and the status code beside it.
enum SparkplugQuality: Int32, Sendable {
    case bad = 0
    case good = 192
    case stale = 500

    /// The column "Sparkplug Quality" of data model 4.2: a doubtful value is bad, a doubtful age is stale, and where
    /// only the clock is in doubt the value is good.
    init(_ condition: Condition) {
        self =
            switch condition {
            case .good, .localOverride, .clockUnsynchronised: .good
            case .acknowledge, .staleCommunication, .frozen: .stale
            default: .bad
            }
    }

    /// The OPC UA status code that a host takes for granted with this quality; bad has none, so its code is told.
    private var impliedStatusCode: UInt32? {
        switch self {
        case .bad: nil
        case .good: 0
        case .stale: Condition.staleCommunication.statusCode
        }
    }

    /// The status code that has to be told beside the quality; `nil` if the quality says it all.
    func statusCode(_ condition: Condition) -> UInt32? {
        condition.statusCode == impliedStatusCode ? nil : condition.statusCode
    }
}

extension SparkplugPayload.PropertySet {
    mutating func add(_ key: String, _ type: SparkplugType, _ value: SparkplugPayload.PropertyValue.OneOf_Value) {
        keys.append(key)
        var property = SparkplugPayload.PropertyValue()
        property.type = type.rawValue
        property.value = value
        values.append(property)
    }

    mutating func add(_ key: String, text: String) { add(key, .string, .stringValue(text)) }

    /// Quality and, where that does not say it all, the status code. While all is good nothing is said unless asked for.
    mutating func add(_ condition: Condition, saysGood: Bool) {
        let quality = SparkplugQuality(condition)
        if quality != .good || saysGood {
            add("Quality", .int32, .intValue(UInt32(bitPattern: quality.rawValue)))
        }
        if let code = quality.statusCode(condition) { add("koppel/statusCode", .int64, .longValue(UInt64(code))) }
    }
}
