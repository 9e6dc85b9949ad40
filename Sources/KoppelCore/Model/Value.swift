/// What one signal said, after decoding and scaling (data model 3.5).
///
/// There is no case for "nothing": a reading without a value holds `nil`, so that no zero can come from an error.
package enum Value: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    /// Never NaN and never infinite: the decoder turns those into a condition.
    case float(Float)
    /// Never NaN and never infinite: the decoder turns those into a condition.
    case double(Double)
    case text(String)

    /// The value as a Double where it is a number; `nil` for bool and text. Exact up to 2^53.
    package var number: Double? {
        switch self {
        case .bool, .text: nil
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .float(let value): Double(value)
        case .double(let value): value
        }
    }
}

/// The type of a signal after scaling, by its OPC UA built-in name (data model 3.4).
package enum DataType: String, Codable, Sendable {
    case boolean = "Boolean"
    case sbyte = "SByte"
    case byte = "Byte"
    case int16 = "Int16"
    case uint16 = "UInt16"
    case int32 = "Int32"
    case uint32 = "UInt32"
    case int64 = "Int64"
    case uint64 = "UInt64"
    case float = "Float"
    case double = "Double"
    case string = "String"
    case dateTime = "DateTime"
}
