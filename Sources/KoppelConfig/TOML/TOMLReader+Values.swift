// What may stand behind `=`.

extension TOMLReader {
    mutating func value(depth: Int) throws(SyntaxFault) -> DocumentNode {
        let position = cursor.position
        guard depth <= DocumentLimits.depth else {
            throw cursor.fault("arrays and tables stand more than 64 deep in each other")
        }
        switch cursor.peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return DocumentNode(position: position, content: .scalar(try string(), isPlain: false))
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try inlineTable(depth: depth)
        default:
            let text = cursor.take { byte in
                isLetterOrDigit(byte) || "+-_.:".utf8.contains(byte)
            }
            guard Self.isScalar(text) else {
                throw SyntaxFault(
                    position: position, sentence: text.isEmpty ? "a value belongs here" : "`\(text)` is no value",
                    hint: "A text stands in quotes; true and false are written small.")
            }
            let plain = text.contains(where: { $0 == ":" }) ? text : text.filter { $0 != "_" }
            return DocumentNode(position: position, content: .scalar(plain, isPlain: true))
        }
    }

    /// `true`, a number in any of its forms, or a date.
    private static func isScalar(_ text: String) -> Bool {
        if ["true", "false", "inf", "+inf", "-inf", "nan", "+nan", "-nan"].contains(text) { return true }
        let digits = text.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(digits.dropFirst(2), radix: radix) != nil
        }
        if let first = text.first, first.isLetter { return false }
        if Double(digits) != nil { return true }
        return text.utf8.count >= 8 && text.first?.isNumber == true
            && text.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }
    }

    private mutating func array(depth: Int) throws(SyntaxFault) -> DocumentNode {
        let position = cursor.position
        _ = cursor.skip("[")
        var items: [DocumentNode] = []
        while true {
            try skipBlank(acrossLines: true)
            if cursor.skip("]") { break }
            guard !cursor.isAtEnd else {
                throw cursor.fault("`]` is missing", hint: "The array starts in line \(position.line).")
            }
            items.append(try value(depth: depth + 1))
            try skipBlank(acrossLines: true)
            guard cursor.skip(",") || cursor.isAt("]") else {
                throw cursor.fault(
                    "`,` or `]` belongs behind a value of an array", hint: "The array starts in line \(position.line).")
            }
        }
        return DocumentNode(position: position, content: .sequence(items))
    }

    /// `{ a = 1, b = 2 }`. Ends of lines inside it are taken too, as TOML 1.1 does.
    private mutating func inlineTable(depth: Int) throws(SyntaxFault) -> DocumentNode {
        let position = cursor.position
        let table = TOMLTable(position: position)
        _ = cursor.skip("{")
        while true {
            try skipBlank(acrossLines: true)
            if cursor.skip("}") { break }
            let (path, place) = try key()
            guard cursor.skip("=") else { throw cursor.fault("`=` belongs between a key and its value") }
            try skipBlank(acrossLines: true)
            try table.set(path, try value(depth: depth + 1), at: place)
            try skipBlank(acrossLines: true)
            guard cursor.skip(",") || cursor.isAt("}") else {
                throw cursor.fault(
                    "`,` or `}` belongs behind a value of a table", hint: "The table starts in line \(position.line).")
            }
        }
        return table.node
    }

    /// A text in `"`, `'`, `"""` or `'''`.
    mutating func string() throws(SyntaxFault) -> String {
        let start = cursor.position
        let mark = cursor.isAt("\"") ? "\"" : "'"
        let isLong = cursor.isAt(mark + mark + mark)
        let end = isLong ? mark + mark + mark : mark
        _ = cursor.skip(end)
        // The end of the line directly behind the opening quotes is no part of a long text.
        if isLong, !cursor.skip("\n") { _ = cursor.skip("\r\n") }
        var bytes: [UInt8] = []
        while !cursor.skip(end) {
            guard let byte = cursor.peek(), isLong || byte != UInt8(ascii: "\n") else {
                throw SyntaxFault(
                    position: start, sentence: "the text that starts here does not end",
                    hint: "`\(end)` is missing.")
            }
            if byte == UInt8(ascii: "\\"), mark == "\"" {
                cursor.take()
                bytes += try escaped(isLong: isLong).utf8
            } else {
                bytes.append(byte)
                cursor.take()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func escaped(isLong: Bool) throws(SyntaxFault) -> String {
        let fault = cursor.fault(
            "this is no escape of a text", hint: "A backslash itself is `\\\\`, or use single quotes.")
        let letter = cursor.take()
        if let character = TextCursor.escape(letter) { return character }
        switch letter {
        case UInt8(ascii: "e"): return "\u{1B}"
        case UInt8(ascii: "u"): return try scalar(digits: 4, fault)
        case UInt8(ascii: "U"): return try scalar(digits: 8, fault)
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"):
            guard isLong else { throw fault }
            // A backslash at the end of a line: the blanks up to the next text are no part of it.
            _ = cursor.take { " \t\r\n".utf8.contains($0) }
            return ""
        default: throw fault
        }
    }

    private mutating func scalar(digits: Int, _ fault: SyntaxFault) throws(SyntaxFault) -> String {
        guard let scalar = Unicode.Scalar(try cursor.takeScalar(digits: digits)) else { throw fault }
        return String(Character(scalar))
    }
}
