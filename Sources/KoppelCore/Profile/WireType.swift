/// How a value lies in coils, discrete inputs or registers.
package enum WireType: Hashable, Sendable {
    /// A coil or discrete input, or a whole register that is 0 or not.
    case bool
    /// One bit of one register, 0 is the least significant.
    case bit(Int)
    /// An unsigned field of 1 to 16 bits of one register: least significant bit, width. `lsb + width` is at most 16.
    case bits(lsb: Int, width: Int)
    /// One byte of one register.
    case int8(RegisterHalf)
    case uint8(RegisterHalf)
    case int16, uint16, int32, uint32, int64, uint64
    case float32, float64
    /// Binary coded decimal over 1, 2 or 4 registers: four digits each, unsigned.
    case bcd(registers: Int)
    /// Text over 1 to 125 registers.
    case string(StringLayout, registers: Int)

    package enum RegisterHalf: Hashable, Sendable { case high, low }

    /// How characters lie in registers (field rule P49: the layouts are a closed list).
    package enum StringLayout: Hashable, Sendable {
        /// Two characters a register, the first in the high byte. The usual one.
        case highByteFirst
        /// Two characters a register, the first in the low byte.
        case lowByteFirst
        /// One character a register, in the low byte.
        case onePerRegister
    }

    /// How many registers the value takes; 1 for a coil or discrete input too.
    package var registers: Int {
        switch self {
        case .bool, .bit, .bits, .int8, .uint8, .int16, .uint16: 1
        case .int32, .uint32, .float32: 2
        case .int64, .uint64, .float64: 4
        case .bcd(let registers), .string(_, let registers): registers
        }
    }

    /// How many bits the raw number has; `nil` for text.
    package var bitWidth: Int? {
        switch self {
        case .bool, .bit: 1
        case .bits(_, let width): width
        case .int8, .uint8: 8
        case .string: nil
        case .int16, .uint16, .int32, .uint32, .int64, .uint64, .float32, .float64, .bcd: registers * 16
        }
    }

    /// True for the types that share a register with others.
    package var isPartOfRegister: Bool {
        switch self {
        case .bit, .bits, .int8, .uint8: true
        default: false
        }
    }
}

/// The order of bytes and words of a value, as three swaps away from the order of the Modbus specification
/// (most significant byte and word first, ABCD or ABCDEFGH).
///
/// With the three switches every order met in the field can be said: CDAB is `words`, BADC is `bytes`, DCBA both,
/// and for 64 bits GHEFCDAB is `words` and `doubleWords`, EFGHABCD is `doubleWords`, CDABGHEF is `words`.
package struct ByteOrder: Hashable, Sendable {
    /// The two bytes of each register change places.
    package var bytes: Bool
    /// The two words of each 32-bit half change places.
    package var words: Bool
    /// The two 32-bit halves of a 64-bit value change places.
    package var doubleWords: Bool

    package init(bytes: Bool = false, words: Bool = false, doubleWords: Bool = false) {
        self.bytes = bytes
        self.words = words
        self.doubleWords = doubleWords
    }

    /// ABCD, ABCDEFGH.
    package static let specification = ByteOrder()

    /// From the two switches of the data model's profile schema. With the least significant word first, the words
    /// of a 64-bit value stand in fully reversed order.
    package init(mostSignificantByte: Bool, mostSignificantWord: Bool) {
        self.init(bytes: !mostSignificantByte, words: !mostSignificantWord, doubleWords: !mostSignificantWord)
    }
}
