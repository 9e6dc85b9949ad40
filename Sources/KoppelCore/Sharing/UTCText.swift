extension Timestamp {
    /// RFC 3339 in UTC with exactly nine fraction digits, so that text order is time order (data model 3.12).
    package var utcText: String {
        let (days, rest) = floored(nanoseconds, by: 86_400_000_000_000)
        let (second, fraction) = rest.quotientAndRemainder(dividingBy: 1_000_000_000)
        let date = civilDate(days)
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
            + padded(Int(second / 3_600), 2) + ":" + padded(Int(second / 60 % 60), 2) + ":"
            + padded(Int(second % 60), 2)
            + "." + padded(Int(fraction), 9) + "Z"
    }

    /// A moment as RFC 3339 writes it in UTC, with up to nine fraction digits or none: `2027-03-01T00:00:00Z`. `nil` if
    /// the text is anything else, or outside the years 1678 to 2261.
    package init?(utc text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            guard bytes[range].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
        let marks: [(Int, UInt8)] = [
            (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")), (13, UInt8(ascii: ":")),
            (16, UInt8(ascii: ":")),
        ]
        guard marks.allSatisfy({ bytes[$0.0] == $0.1 }), let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), (1_678...2_261).contains(year), (1...12).contains(month), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let days = daysSince1970(year: year, month: month, day: day)
        guard day >= 1, civilDate(days) == (year, month, day) else { return nil }
        var fraction = 0
        if bytes.count > 20 {
            let digits = bytes.count - 21
            guard bytes[19] == UInt8(ascii: "."), (1...9).contains(digits), let value = number(20..<bytes.count - 1)
            else { return nil }
            fraction = (digits..<9).reduce(value) { result, _ in result * 10 }
        }
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        self.init(nanoseconds: seconds * 1_000_000_000 + Int64(fraction))
    }
}

extension Duration {
    /// A duration as ISO 8601 writes it with days, hours, minutes and seconds: `PT15M`, `P90D`. `nil` if the text is
    /// anything else or longer than 100 years: months and years have no fixed length.
    package init?(iso8601 text: String) {
        var rest = Substring(text)
        guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
        var total = Duration.zero
        var inTime = false
        var order = 0
        while let first = rest.first {
            if first == "T" {
                guard !inTime, rest.count > 1 else { return nil }
                inTime = true
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(digits.count)
            guard let letter = rest.popFirst(), let number = Double(digits), digits.last != ".", digits.first != "."
            else { return nil }
            let units: [Character: (Double, Int)] =
                inTime ? ["H": (3_600, 2), "M": (60, 3), "S": (1, 4)] : ["D": (86_400, 1)]
            guard let (seconds, place) = units[letter], place > order, place == 4 || !digits.contains(".") else {
                return nil
            }
            order = place
            guard number * seconds <= 3_153_600_000 else { return nil }
            total += .nanoseconds(Int64((number * seconds * 1e9).rounded()))
        }
        guard order > 0, total <= .seconds(3_153_600_000) else { return nil }
        self = total
    }

    /// As ISO 8601 writes it, in the largest whole units: `PT15M`, `P90D`, `PT1.5S`.
    package var iso8601: String {
        let nanoseconds = max(0, wholeNanoseconds)
        var seconds = nanoseconds / 1_000_000_000
        let fraction = nanoseconds % 1_000_000_000
        guard seconds > 0 || fraction > 0 else { return "PT0S" }
        let days = seconds / 86_400
        seconds %= 86_400
        var text = "P" + (days > 0 ? "\(days)D" : "")
        guard seconds > 0 || fraction > 0 else { return text }
        text += "T"
        if seconds >= 3_600 { text += "\(seconds / 3_600)H" }
        if seconds / 60 % 60 > 0 { text += "\(seconds / 60 % 60)M" }
        guard seconds % 60 > 0 || fraction > 0 else { return text }
        var digits = fraction > 0 ? "." + padded(Int(fraction), 9) : ""
        while digits.last == "0" { digits.removeLast() }
        return text + "\(seconds % 60)\(digits)S"
    }
}

private func padded(_ value: Int, _ places: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, places - digits.count)) + digits
}

private func floored(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// A day of the Gregorian calendar, in eras of 400 years whose years begin in March (Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
private func civilDate(_ days: Int64) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = floored(days + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    return (
        Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), Int(month), Int(dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    )
}

private func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = floored(shifted, by: 400)
    let fromMarch = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * fromMarch + 2) / 5 + Int64(day) - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
