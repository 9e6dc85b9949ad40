/// A ``WireType`` made ready for use: which bits belong to the value and how they are read.
enum WireForm: Hashable, Sendable {
    case bool
    /// Unsigned: bits, bytes and whole words up to 16 bits.
    case field(lsb: UInt64, mask: UInt64)
    case bit(UInt64)
    case int8(lsb: UInt64)
    case int16, int32, int64
    /// 32 and 64 bits.
    case unsigned
    case float32, float64
    case bcd
    case text(WireType.StringLayout)
    /// The profile names something no register can hold, for example bit 16.
    case unusable

    init(_ wire: WireType) {
        self =
            switch wire {
            case .bool: .bool
            case .bit(let bit): (0...15).contains(bit) ? .bit(UInt64(bit)) : .unusable
            case .bits(let lsb, let width):
                lsb >= 0 && width >= 1 && lsb <= 16 - width && width <= 16
                    ? .field(lsb: UInt64(lsb), mask: (1 << UInt64(width)) - 1) : .unusable
            case .int8(let half): .int8(lsb: half == .high ? 8 : 0)
            case .uint8(let half): .field(lsb: half == .high ? 8 : 0, mask: 0xFF)
            case .int16: .int16
            case .uint16: .field(lsb: 0, mask: 0xFFFF)
            case .int32: .int32
            case .uint32, .uint64: .unsigned
            case .int64: .int64
            case .float32: .float32
            case .float64: .float64
            case .bcd(let registers): [1, 2, 4].contains(registers) ? .bcd : .unusable
            case .string(let layout, let registers): (1...125).contains(registers) ? .text(layout) : .unusable
            }
    }

    /// The largest pattern ``own(_:)`` can give.
    var ownMask: UInt64 {
        switch self {
        case .field(_, let mask): mask
        case .bit: 1
        case .int8: 0xFF
        default: .max
        }
    }

    /// The bits of the value itself, moved down to the lowest place.
    func own(_ bits: UInt64) -> UInt64 {
        switch self {
        case .field(let lsb, let mask): bits >> lsb & mask
        case .bit(let bit): bits >> bit & 1
        case .int8(let lsb): bits >> lsb & 0xFF
        default: bits
        }
    }
}

extension WireType {
    /// The whole numbers the type can hold, as Doubles; `nil` for bits, floats and text.
    package var rawRange: ClosedRange<Double>? {
        switch self {
        case .bool, .bit, .float32, .float64, .string: nil
        case .bits(_, let width): 0...Double((1 << min(max(width, 1), 16)) - 1)
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32_768...32_767
        case .uint16: 0...65_535
        case .int32: -0x1p31...0x1p31 - 1
        case .uint32: 0...0x1p32 - 1
        case .int64: -0x1p63...(0x1p63).nextDown
        case .uint64: 0...(0x1p64).nextDown
        case .bcd(let registers): 0...powerOfTen(4 * min(max(registers, 1), 4)) - 1
        }
    }
}

extension DataType {
    /// The value of this type nearest to a number; `nil` for text, and for a number that is not finite.
    package func value(nearest number: Double) -> Value? {
        guard number.isFinite else { return nil }
        switch self {
        case .boolean: return .bool(number != 0)
        case .sbyte, .int16, .int32, .int64:
            return .int(Int64(exactly: number.rounded()) ?? (number < 0 ? .min : .max))
        case .byte, .uint16, .uint32, .uint64:
            return .uint(UInt64(exactly: number.rounded()) ?? (number < 0 ? 0 : .max))
        case .float: return Float(number).isFinite ? .float(Float(number)) : nil
        case .double: return .double(number)
        case .string, .dateTime: return nil
        }
    }
}
