/// A number of a cell, with a decimal point or a decimal comma.
enum SheetNumber {
    /// `nil` if it is no number, or one that can be two: `1,000` is one or a thousand.
    static func number(_ text: String) -> Double? {
        let plain = text.filter { $0 != " " && $0 != "\u{A0}" && $0 != "\u{202F}" && $0 != "+" }
            .replacing("−", with: "-")
        let commas = plain.count { $0 == "," }
        guard commas > 0 else { return Double(plain).flatMap { $0.isFinite ? $0 : nil } }
        guard commas == 1, !plain.contains(".") else { return nil }
        let parts = plain.split(separator: ",", omittingEmptySubsequences: false)
        let isWhole = parts[0] != "0" && parts[0] != "-0" && !parts[0].isEmpty && parts[0] != "-"
        if parts[1].count == 3, isWhole { return nil }
        return Double(plain.replacing(",", with: ".")).flatMap { $0.isFinite ? $0 : nil }
    }

    /// A factor: `0,1`, `x 10`, `/10`, `1/10`, `10^-1`.
    static func factor(_ text: String) -> Double? {
        var plain = text.lowercased().filter { $0 != " " && $0 != "\u{A0}" }[...]
        if let first = plain.first, "x×*·".contains(first) { plain = plain.dropFirst() }
        if let first = plain.first, "/:÷".contains(first) { return inverse(plain.dropFirst()) }
        if let slash = plain.firstIndex(of: "/") {
            guard let over = number(String(plain[..<slash])), let under = inverse(plain[plain.index(after: slash)...])
            else { return nil }
            return (over * under).tidy
        }
        if plain.hasPrefix("10^") || plain.hasPrefix("10e") {
            guard let exponent = Int(plain.dropFirst(3)), (-18...18).contains(exponent) else { return nil }
            return power(exponent)
        }
        return number(String(plain))
    }

    /// One over a number.
    static func inverse(_ text: some StringProtocol) -> Double? {
        guard let number = number(String(text)), number != 0 else { return nil }
        return (1 / number).tidy
    }

    /// Ten to a whole power.
    static func power(_ exponent: Int) -> Double {
        Double("1e\(exponent)") ?? 1
    }
}
