extension WireType {
    /// The whole numbers the type can hold, as Doubles; `nil` for bits, floats and text.
    package var rawRange: ClosedRange<Double>? {
        switch self {
        case .bool, .bit, .float32, .float64, .string: nil
        case .bits(_, let width): 0...Double(1 << min(max(width, 1), 16) - 1)
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

    /// How large a raw number can get, for ``LinearScale``. A Float has 24 significant bits.
    var largestRaw: Double {
        guard let range = rawRange else { return 0x1p24 }
        return max(range.lowerBound.magnitude, range.upperBound)
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
