internal import KoppelCore

/// The types of metrics and properties, by their codes (Sparkplug 3.0.0, 6.4.16).
enum SparkplugType: UInt32, Sendable {
    case int8 = 1
    case int16 = 2
    case int32 = 3
    case int64 = 4
    case uint8 = 5
    case uint16 = 6
    case uint32 = 7
    case uint64 = 8
    case float = 9
    case double = 10
    case boolean = 11
    case string = 12
    case dateTime = 13

    init(_ type: DataType) {
        self =
            switch type {
            case .boolean: .boolean
            case .sbyte: .int8
            case .byte: .uint8
            case .int16: .int16
            case .uint16: .uint16
            case .int32: .int32
            case .uint32: .uint32
            case .int64: .int64
            case .uint64: .uint64
            case .float: .float
            case .double: .double
            case .string: .string
            case .dateTime: .dateTime
            }
    }

    /// The value in the field its type asks for; `nil` if the value does not fit the type, which is then told as null.
    ///
    /// Negative numbers of 8 and 16 bits are cut to their size. The specification leaves that open; hosts that expect
    /// 32 bits cut them by themselves, and others refuse what is longer.
    func field(_ value: Value) -> SparkplugPayload.Metric.OneOf_Value? {
        switch self {
        case .boolean: if case .bool(let flag) = value { .booleanValue(flag) } else { nil }
        case .string: if case .text(let text) = value { .stringValue(text) } else { nil }
        case .float: value.number.map { .floatValue(Float($0)) }
        case .double: value.number.map { .doubleValue($0) }
        case .int8: whole(value).flatMap { Int8(exactly: $0) }.map { .intValue(UInt32(UInt8(bitPattern: $0))) }
        case .int16: whole(value).flatMap { Int16(exactly: $0) }.map { .intValue(UInt32(UInt16(bitPattern: $0))) }
        case .int32: whole(value).flatMap { Int32(exactly: $0) }.map { .intValue(UInt32(bitPattern: $0)) }
        case .uint8: whole(value).flatMap { UInt8(exactly: $0) }.map { .intValue(UInt32($0)) }
        case .uint16: whole(value).flatMap { UInt16(exactly: $0) }.map { .intValue(UInt32($0)) }
        case .uint32: whole(value).flatMap { UInt32(exactly: $0) }.map { .intValue($0) }
        case .int64: whole(value).map { .longValue(UInt64(bitPattern: $0)) }
        case .uint64:
            if case .uint(let number) = value {
                .longValue(number)
            } else {
                whole(value).flatMap { UInt64(exactly: $0) }.map { .longValue($0) }
            }
        // A value is nanoseconds since 1970, a metric milliseconds.
        case .dateTime: whole(value).map { .longValue(milliseconds(Timestamp(nanoseconds: $0))) }
        }
    }

    /// The value as a whole number; `nil` if it is none or too large.
    private func whole(_ value: Value) -> Int64? {
        switch value {
        case .int(let number): number
        case .uint(let number): Int64(exactly: number)
        case .float(let number): Int64(exactly: number)
        case .double(let number): Int64(exactly: number)
        case .bool, .text: nil
        }
    }
}

/// Milliseconds since 1970, cut; 0 for times before.
func milliseconds(_ time: Timestamp) -> UInt64 { UInt64(max(0, time.nanoseconds)) / 1_000_000 }
