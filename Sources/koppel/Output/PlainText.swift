internal import Foundation
internal import KoppelCore

extension Value {
    /// The value as a person reads it; text stays text.
    var plainText: String {
        switch self {
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)"
        case .float(let value): "\(value)".withoutEmptyFraction
        case .double(let value): "\(value)".withoutEmptyFraction
        case .text(let value): value
        }
    }
}

extension Optional where Wrapped == Value {
    /// The value with the name the profile gives it, if it is a state.
    func plainText(_ enumeration: [Int64: String]) -> String {
        guard let value = self else { return "–" }
        guard let number = value.number.flatMap({ Int64(exactly: $0) }), let name = enumeration[number] else {
            return value.plainText
        }
        return "\(value.plainText) (\(name))"
    }
}

extension String {
    fileprivate var withoutEmptyFraction: String { hasSuffix(".0") ? String(dropLast(2)) : self }
}

extension Duration {
    /// For people, with at most three digits: `250 ms`, `1.5 s`, `15 min`.
    var plainText: String {
        func text(_ number: Double, _ unit: String) -> String {
            let isWhole = number >= 100 || (number * 10).rounded() == number.rounded() * 10
            return (isWhole ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)") + " \(unit)"
        }
        switch inSeconds {
        case ..<1: return text(inSeconds * 1_000, "ms")
        case ..<120: return text(inSeconds, "s")
        case ..<7_200: return text(inSeconds / 60, "min")
        case ..<172_800: return text(inSeconds / 3_600, "h")
        default: return text(inSeconds / 86_400, "d")
        }
    }

    /// To the microsecond.
    var milliseconds: Double { (inSeconds * 1_000_000).rounded() / 1_000 }
}

extension Timestamp {
    /// ISO 8601 in UTC, to the millisecond.
    var plainText: String {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

enum PlainText {
    /// `1.5 MiB`.
    static func bytes(_ count: Double) -> String {
        var (size, unit) = (count, 0)
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        while size >= 1_024, unit < units.count - 1 {
            size /= 1_024
            unit += 1
        }
        return unit == 0 || size >= 100
            ? "\(Int(size.rounded())) \(units[unit])" : "\((size * 10).rounded() / 10) \(units[unit])"
    }

    /// `12.5 %` for 0.125; whole from 100 % on.
    static func percent(_ part: Double) -> String {
        let tenths = (part * 1_000).rounded() / 10
        return tenths >= 100 ? "\(Int(tenths.rounded())) %" : "\(tenths) %"
    }

    /// `1 error`, `2 errors`.
    static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// Words in hex, bits as they are.
    static func words(_ words: [UInt16], of table: RegisterTable) -> String {
        if table.isBits { return words.map(String.init).joined(separator: " ") }
        return words.map { word in
            let digits = String(word, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }.joined(separator: " ")
    }
}
