/// Rounds what is shared to so many significant decimal digits, half away from zero, as a person would round the number
/// that is shown: 231.449 to four digits is 231.4.
package struct SignificantDigits: Hashable, Sendable {
    /// 1 to 17.
    package let count: Int

    package init(_ count: Int) { self.count = min(17, max(1, count)) }

    package func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value }
        return Double(rounded(digitsOf: value.description)) ?? value
    }

    /// Whole numbers stay whole; texts and flags stay as they are.
    package func rounded(_ value: Value) -> Value {
        switch value {
        case .bool, .text: return value
        case .int(let number): return .int(Int64(rounded(digitsOf: String(number))) ?? number)
        case .uint(let number): return .uint(UInt64(rounded(digitsOf: String(number))) ?? number)
        case .float(let number):
            guard number.isFinite, number != 0 else { return value }
            return .float(Float(rounded(digitsOf: number.description)) ?? number)
        case .double(let number): return .double(rounded(number))
        }
    }

    /// A decimal number in Swift's form, with its digits after the first `count` taken away.
    private func rounded(digitsOf text: String) -> String {
        let sign = text.hasPrefix("-") ? "-" : ""
        let parts = text.dropFirst(sign.count).split(separator: "e")
        guard let mantissa = parts.first else { return text }
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let fraction = mantissa.split(separator: ".").dropFirst().first.map(\.utf8.count) ?? 0
        var digits = mantissa.utf8.filter { $0 != UInt8(ascii: ".") }.map { Int($0) - 48 }
        let leading = digits.prefix { $0 == 0 }.count
        guard digits.count - leading > count else { return text }
        let dropped = digits.count - leading - count
        let next = digits[leading + count]
        digits.removeLast(dropped)
        if next >= 5 {
            var place = digits.count - 1
            while place >= 0, digits[place] == 9 {
                digits[place] = 0
                place -= 1
            }
            if place >= 0 { digits[place] += 1 } else { digits.insert(1, at: 0) }
        }
        let whole = digits.map(String.init).joined()
        let exponent = power - fraction + dropped
        if fraction == 0, power == 0 { return sign + whole + String(repeating: "0", count: dropped) }
        return sign + whole + "e\(exponent)"
    }
}
