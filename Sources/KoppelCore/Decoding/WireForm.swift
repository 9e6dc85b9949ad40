/// A ``WireType`` made ready for use: which bits belong to the value and how they are read.
enum WireForm: Hashable, Sendable {
    case bool
    case bit(UInt8)
    /// Unsigned: bits, bytes and whole words up to 16 bits.
    case field(lsb: UInt8, mask: UInt16)
    case int8(lsb: UInt8)
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
            case .bit(let bit): (0...15).contains(bit) ? .bit(UInt8(bit)) : .unusable
            case .bits(let lsb, let width):
                (0...15).contains(lsb) && width >= 1 && width <= 16 - lsb
                    ? .field(lsb: UInt8(lsb), mask: UInt16(1 << width - 1)) : .unusable
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
        case .field(_, let mask): UInt64(mask)
        case .bit: 1
        case .int8: 0xFF
        default: .max
        }
    }

    /// The bits of the value itself, moved down to the lowest place.
    func own(_ bits: UInt64) -> UInt64 {
        switch self {
        case .field(let lsb, let mask): bits >> UInt64(lsb) & UInt64(mask)
        case .bit(let bit): bits >> UInt64(bit) & 1
        case .int8(let lsb): bits >> UInt64(lsb) & 0xFF
        default: bits
        }
    }

    /// The number that bits in the order of the specification stand for.
    func number(_ bits: UInt64) -> RawNumber {
        switch self {
        case .bool: .bool(bits != 0)
        case .bit: .bool(own(bits) != 0)
        case .field: .unsigned(own(bits))
        case .unsigned: .unsigned(bits)
        case .int8: .signed(Int64(Int8(truncatingIfNeeded: own(bits))))
        case .int16: .signed(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: .signed(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64: .signed(Int64(bitPattern: bits))
        case .float32: .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .float64: .double(Double(bitPattern: bits))
        case .bcd: BinaryCodedDecimal.number(bits).map { .unsigned($0) } ?? .invalid
        case .text, .unusable: .invalid
        }
    }
}

/// A number as it lies in the registers, before scale and offset.
enum RawNumber: Hashable, Sendable {
    case bool(Bool)
    case unsigned(UInt64)
    case signed(Int64)
    case float(Float)
    case double(Double)
    /// The bits are no number of this type: a digit above 9 in BCD.
    case invalid

    var isFinite: Bool {
        switch self {
        case .float(let number): number.isFinite
        case .double(let number): number.isFinite
        default: true
        }
    }

    var isNotANumber: Bool {
        switch self {
        case .float(let number): number.isNaN
        case .double(let number): number.isNaN
        default: false
        }
    }

    /// `nil` if it is not a whole number, or too large for an Int64.
    var whole: Int64? {
        switch self {
        case .bool(let truth): truth ? 1 : 0
        case .unsigned(let number): Int64(exactly: number)
        case .signed(let number): number
        case .float(let number): Int64(exactly: number)
        case .double(let number): Int64(exactly: number)
        case .invalid: nil
        }
    }
}
