extension JSONTree {
    /// The document as RFC 8785 writes it: members sorted, no space, numbers as ECMAScript writes them. Two documents
    /// that say the same have the same canonical form, so that it can be hashed.
    package var canonical: String {
        var text = ""
        writeCanonical(to: &text)
        return text
    }

    private func writeCanonical(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        // RFC 8785 knows only doubles; what does not fit one is a string in our documents.
        case .integer(let value): text += JSONTree.ecmaScript(Double(value))
        case .number(let value): text += JSONTree.ecmaScript(value)
        case .string(let value): JSONTree.quote(value, to: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.writeCanonical(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            // Sorted by UTF-16 code units (RFC 8785, 3.2.3).
            let sorted = members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { text += "," }
                JSONTree.quote(member.name, to: &text)
                text += ":"
                member.value.writeCanonical(to: &text)
            }
            text += "}"
        }
    }

    /// A number as ECMAScript's `Number::toString` gives it, which RFC 8785 asks for: the shortest digits that read back,
    /// plain from 1e-6 up to below 1e21. What is not finite has no form in JSON and becomes `null`.
    package static func ecmaScript(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        guard value != 0 else { return "0" }
        if value < 0 { return "-" + ecmaScript(-value) }
        let (digits, exponent) = shortest(value)
        let count = digits.count
        // The point stands after so many digits.
        let point = exponent + 1
        if count <= point, point <= 21 { return digits + String(repeating: "0", count: point - count) }
        if point > 0, point <= 21 { return digits.prefix(point) + "." + digits.dropFirst(point) }
        if point > -6, point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
        let rest = digits.dropFirst()
        return digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (exponent < 0 ? "-" : "+")
            + String(exponent.magnitude)
    }

    /// The fewest digits that read back as the value, without zeros at either end, and the power of ten of the first.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        // Swift writes the shortest digits too, with a point and perhaps a power of ten.
        let parts = value.description.split(separator: "e")
        let mantissa = parts.first ?? ""
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let whole = mantissa.prefix { $0 != "." }
        let all = mantissa.filter { $0 != "." }
        let leading = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leading))
        while digits.last == "0" { digits.removeLast() }
        return (digits, power + whole.count - 1 - leading)
    }
}
