/// Decimal digits of whole numbers, eight at a time in one machine word.
///
/// Each function writes at a pointer with at least 24 bytes of room and returns the place behind the digits. It may
/// leave rubbish behind that place, within the room.
enum Digits {
    typealias Target = UnsafeMutablePointer<UInt8>

    /// Eight digits with leading zeros as bytes 0 to 9, the first digit in the lowest byte. `value` is below 10^8.
    ///
    /// Splits into halves of four, two and one digit with a multiplication and a shift in place of each division.
    @inline(__always)
    private static func eight(_ value: UInt32) -> UInt64 {
        let fours = UInt64(value / 10_000) | UInt64(value % 10_000) << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = ((twos &* 103) >> 10) & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) << 8
    }

    private static var ascii: UInt64 { 0x3030_3030_3030_3030 }

    @inline(__always)
    private static func store(_ bytes: UInt64, at target: Target) {
        UnsafeMutableRawPointer(target).storeBytes(of: bytes.littleEndian, as: UInt64.self)
    }

    /// Writes a number below 10^8 without leading zeros.
    @inline(__always)
    static func write(_ value: UInt32, at target: Target) -> Target {
        guard value >= 10 else {
            target.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)
            return target + 1
        }
        let digits = eight(value)
        let zeros = digits.trailingZeroBitCount >> 3
        store((digits | ascii) >> UInt64(zeros << 3), at: target)
        return target + (8 - zeros)
    }

    /// Writes any number without leading zeros.
    static func writeLong(_ value: UInt64, at target: Target) -> Target {
        guard value >= 100_000_000 else { return write(UInt32(value), at: target) }
        let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        let middle = writeLong(high, at: target)
        store(eight(UInt32(low)) | ascii, at: middle)
        return middle + 8
    }

    /// Writes the last `places` digits of a number below 10^8, with leading zeros. `places` is 1 to 8.
    @inline(__always)
    static func writePadded(_ value: UInt32, places: Int, at target: Target) -> Target {
        store((eight(value) | ascii) >> UInt64((8 - places) << 3), at: target)
        return target + places
    }

    /// Writes `value / 10^places` as a decimal. `places` is 1 to 8.
    @inline(__always)
    static func writeFixed(_ value: UInt64, places: Int, at target: Target) -> Target {
        let power = powerOfTen(places)
        let (whole, fraction) = value.quotientAndRemainder(dividingBy: UInt64(power))
        var place = whole < 100_000_000 ? write(UInt32(whole), at: target) : writeLong(whole, at: target)
        place.pointee = UInt8(ascii: ".")
        place += 1
        return writePadded(UInt32(truncatingIfNeeded: fraction), places: places, at: place)
    }

    @inline(__always)
    private static func powerOfTen(_ exponent: Int) -> UInt32 {
        switch exponent {
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        default: 100_000_000
        }
    }
}
