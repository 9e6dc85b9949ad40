/// Four decimal digits a register, one in each half byte.
enum BinaryCodedDecimal {
    /// `nil` if a half byte is above 9.
    static func number(_ bits: UInt64) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = bits >> UInt64(shift) & 0xF
            guard digit <= 9 else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// The inverse of ``number(_:)`` for up to 16 digits; more digits are cut off at the top.
    static func bits(_ number: UInt64) -> UInt64 {
        var rest = number
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 60, by: 4) {
            bits |= (rest % 10) << shift
            rest /= 10
        }
        return bits
    }
}
