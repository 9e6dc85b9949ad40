/// Reads the part of TOML 1.0 that configurations of Telegraf use (<https://toml.io/en/v1.0.0>): tables, arrays of
/// tables, dotted keys, texts of all four kinds, numbers, arrays and inline tables. Dates stay the text they are.
///
/// Bounds: those of ``DocumentLimits``. Reading ends at the first mistake, with its line and column.
struct TOMLReader {
    var cursor: TextCursor
    private let root = TOMLTable(position: .start)

    static func document(_ text: String) throws(SyntaxFault) -> DocumentNode {
        var reader = TOMLReader(cursor: TextCursor(text))
        return try reader.read()
    }

    private init(cursor: TextCursor) { self.cursor = cursor }

    private mutating func read() throws(SyntaxFault) -> DocumentNode {
        var table = root
        while true {
            try skipBlank(acrossLines: true)
            guard let byte = cursor.peek() else { break }
            if byte == UInt8(ascii: "[") {
                table = try header()
            } else {
                let (path, position) = try key()
                try skipBlank(acrossLines: false)
                guard cursor.skip("=") else { throw cursor.fault("`=` belongs between a key and its value") }
                try skipBlank(acrossLines: false)
                try table.set(path, try value(depth: 1), at: position)
            }
            try endLine()
        }
        return root.node
    }

    /// `[table]` or `[[array of tables]]`.
    private mutating func header() throws(SyntaxFault) -> TOMLTable {
        let isArray = cursor.isAt("[[")
        _ = cursor.skip(isArray ? "[[" : "[")
        try skipBlank(acrossLines: false)
        let (path, position) = try key()
        try skipBlank(acrossLines: false)
        guard cursor.skip(isArray ? "]]" : "]") else {
            throw cursor.fault("`\(isArray ? "]]" : "]")` belongs behind the name of a table")
        }
        return try root.open(path, isArray: isArray, at: position)
    }

    /// A key such as `inputs.modbus` or `"a b".c`, as its parts.
    mutating func key() throws(SyntaxFault) -> (path: [String], position: SourcePosition) {
        let position = cursor.position
        var path: [String] = []
        repeat {
            try skipBlank(acrossLines: false)
            path.append(try keyPart())
            try skipBlank(acrossLines: false)
            guard path.count <= DocumentLimits.depth else { throw cursor.fault("this key has more than 64 parts") }
        } while cursor.skip(".")
        return (path, position)
    }

    private mutating func keyPart() throws(SyntaxFault) -> String {
        switch cursor.peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try string()
        default:
            let text = cursor.take { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
            guard !text.isEmpty else {
                throw cursor.fault(
                    "a key belongs here", hint: "A line is `key = value`, `[table]`, `[[table]]` or `# comment`.")
            }
            return text
        }
    }

    /// Moves over blanks and comments, and over the ends of lines if asked.
    mutating func skipBlank(acrossLines: Bool) throws(SyntaxFault) {
        while let byte = cursor.peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): cursor.take()
            case UInt8(ascii: "\r") where cursor.peek(1) == UInt8(ascii: "\n"), UInt8(ascii: "\n"):
                guard acrossLines else { return }
                cursor.take()
            case UInt8(ascii: "#"): _ = cursor.take { $0 != UInt8(ascii: "\n") }
            default: return
            }
        }
    }

    private mutating func endLine() throws(SyntaxFault) {
        try skipBlank(acrossLines: false)
        guard cursor.isAtEnd || cursor.isAt("\n") || cursor.isAt("\r\n") else {
            throw cursor.fault("the line should end here", hint: "A text stands in quotes.")
        }
    }
}
