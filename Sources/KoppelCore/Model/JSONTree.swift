/// A JSON document in memory. Members keep the order in which they were given.
///
/// For documents that are made once in a while: what is sent all day is written straight into bytes instead.
package indirect enum JSONTree: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Written as the shortest decimal that reads back as the same; what is not finite as `null`.
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONTree

        package init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a member; `nil` if this is no object or has none of that name.
    package subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The document as text without any space.
    package var compact: String { text(.compact) }

    /// The document for people: a member a line, two spaces for each level. What has only plain values in it and is
    /// short stands on one line.
    package var pretty: String { text(.lines(0)) + "\n" }

    private enum Layout: Hashable {
        case compact
        case oneLine
        /// One line for each part, and so many levels in.
        case lines(Int)
    }

    private func text(_ layout: Layout) -> String {
        var text = ""
        write(to: &text, layout)
        return text
    }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONTree)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}

extension JSONTree {
    private func write(to text: inout String, _ layout: Layout) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += JSONTree.digits(value)
        case .string(let value): JSONTree.quote(value, to: &text)
        case .array(let items):
            let inner = innerLayout(layout)
            text += "["
            for (index, item) in items.enumerated() {
                JSONTree.separate(index, inner, to: &text)
                item.write(to: &text, inner)
            }
            JSONTree.end("]", isEmpty: items.isEmpty, layout, inner, to: &text)
        case .object(let members):
            let inner = innerLayout(layout)
            text += "{"
            for (index, member) in members.enumerated() {
                JSONTree.separate(index, inner, to: &text)
                JSONTree.quote(member.name, to: &text)
                text += layout == .compact ? ":" : ": "
                member.value.write(to: &text, inner)
            }
            JSONTree.end("}", isEmpty: members.isEmpty, layout, inner, to: &text)
        }
    }

    private func innerLayout(_ layout: Layout) -> Layout {
        guard case .lines(let level) = layout else { return layout }
        return isShort ? .oneLine : .lines(level + 1)
    }

    private static func separate(_ index: Int, _ layout: Layout, to text: inout String) {
        if index > 0 { text += layout == .oneLine ? ", " : "," }
        if case .lines(let level) = layout { text += "\n" + String(repeating: "  ", count: level) }
    }

    private static func end(
        _ bracket: String, isEmpty: Bool, _ outer: Layout, _ inner: Layout, to text: inout String
    ) {
        if !isEmpty, case .lines(let level) = outer, case .lines = inner {
            text += "\n" + String(repeating: "  ", count: level)
        }
        text += bracket
    }

    /// True for what fits on a line: few parts, and nothing inside any of them.
    private var isShort: Bool {
        switch self {
        case .array(let items): items.count <= 12 && items.allSatisfy(\.isPlain)
        case .object(let members): members.count <= 3 && members.allSatisfy(\.value.isPlain)
        case .null, .bool, .integer, .number, .string: true
        }
    }

    private var isPlain: Bool {
        switch self {
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        case .null, .bool, .integer, .number, .string: true
        }
    }

    private static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        // A whole number below 2^53 is written without a fraction.
        if value.rounded() == value, abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return value.description
    }

    /// The escapes of RFC 8785, 3.2.2.2, which any reader of JSON takes: the short form where there is one, else
    /// lower-case hexadecimal.
    static func quote(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{8}": text += "\\b"
            case "\t": text += "\\t"
            case "\n": text += "\\n"
            case "\u{C}": text += "\\f"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
