internal import KoppelCore

extension JSONWriter {
    /// Writes a moment in quotes as RFC 3339 in UTC with exactly nine fraction digits, so that text order is time
    /// order (data model 3.12).
    mutating func time(_ moment: Timestamp) {
        let (days, nanosecondsOfDay) = moment.nanoseconds.flooredQuotientAndRemainder(dividingBy: 86_400_000_000_000)
        let (seconds, nanoseconds) = nanosecondsOfDay.quotientAndRemainder(dividingBy: 1_000_000_000)
        let date = CivilDate(daysSince1970: days)
        reserve(64)
        put(UInt8(ascii: "\""))
        pad(date.year, places: 4)
        put(UInt8(ascii: "-"))
        pad(date.month, places: 2)
        put(UInt8(ascii: "-"))
        pad(date.day, places: 2)
        put(UInt8(ascii: "T"))
        pad(Int(seconds / 3_600), places: 2)
        put(UInt8(ascii: ":"))
        pad(Int(seconds / 60 % 60), places: 2)
        put(UInt8(ascii: ":"))
        pad(Int(seconds % 60), places: 2)
        put(UInt8(ascii: "."))
        // Nine digits are one and eight.
        pad(Int(nanoseconds / 100_000_000), places: 1)
        pad(Int(nanoseconds % 100_000_000), places: 8)
        put(UInt8(ascii: "Z"))
        put(UInt8(ascii: "\""))
    }

    @inline(__always)
    private mutating func pad(_ value: Int, places: Int) {
        cursor = Digits.writePadded(UInt32(value), places: places, at: cursor)
    }

    /// Writes a byte into room that is reserved already.
    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        cursor.pointee = byte
        cursor += 1
    }
}

/// A day in the Gregorian calendar, carried back before its introduction as RFC 3339 does.
struct CivilDate: Hashable {
    var year: Int
    var month: Int
    var day: Int

    /// Counts in eras of 400 years, each 146,097 days, and in years that begin on the first of March, so that the
    /// leap day is the last of its year (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    init(daysSince1970 days: Int64) {
        let (era, dayOfEra) = (Int(days) + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension BinaryInteger {
    /// Division that rounds down, so that the remainder is never negative.
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
