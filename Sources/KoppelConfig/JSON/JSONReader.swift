/// Reads JSON (RFC 8259) into located nodes: what the library of the language reads has no lines.
///
/// Bounds: those of ``DocumentLimits``. Reading ends at the first mistake, with its line and column. Of a name that
/// stands twice in an object the first counts.
struct JSONReader {
    private var cursor: TextCursor

    static func document(_ text: String) throws(SyntaxFault) -> DocumentNode {
        var reader = JSONReader(cursor: TextCursor(text))
        let node = try reader.value(depth: 1)
        reader.skipBlank()
        guard reader.cursor.isAtEnd else { throw reader.cursor.fault("the document should end here") }
        return node
    }

    private mutating func value(depth: Int) throws(SyntaxFault) -> DocumentNode {
        skipBlank()
        let position = cursor.position
        guard depth <= DocumentLimits.depth else {
            throw cursor.fault("arrays and objects stand more than 64 deep in each other")
        }
        switch cursor.peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""):
            return DocumentNode(position: position, content: .scalar(try string(), isPlain: false))
        default:
            let text = cursor.take { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
            let isNumber = text.first.map { $0 == "-" || ("0"..."9").contains($0) } == true && Double(text) != nil
            guard isNumber || ["true", "false", "null"].contains(text) else {
                throw SyntaxFault(
                    position: position, sentence: text.isEmpty ? "a value belongs here" : "`\(text)` is no value",
                    hint: "A text stands in double quotes.")
            }
            return DocumentNode(position: position, content: .scalar(text, isPlain: true))
        }
    }

    private mutating func object(depth: Int) throws(SyntaxFault) -> DocumentNode {
        let position = cursor.position
        var entries: [DocumentNode.Entry] = []
        _ = cursor.skip("{")
        skipBlank()
        if cursor.skip("}") { return DocumentNode(position: position, content: .mapping([])) }
        repeat {
            skipBlank()
            let keyPosition = cursor.position
            guard cursor.isAt("\"") else { throw cursor.fault("a name in double quotes belongs here") }
            let key = try string()
            skipBlank()
            guard cursor.skip(":") else { throw cursor.fault("`:` belongs between a name and its value") }
            entries.append(.init(key: key, keyPosition: keyPosition, value: try value(depth: depth + 1)))
            skipBlank()
        } while cursor.skip(",")
        guard cursor.skip("}") else {
            throw cursor.fault("`,` or `}` belongs here", hint: "The object starts in line \(position.line).")
        }
        return DocumentNode(position: position, content: .mapping(entries))
    }

    private mutating func array(depth: Int) throws(SyntaxFault) -> DocumentNode {
        let position = cursor.position
        var items: [DocumentNode] = []
        _ = cursor.skip("[")
        skipBlank()
        if cursor.skip("]") { return DocumentNode(position: position, content: .sequence([])) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipBlank()
        } while cursor.skip(",")
        guard cursor.skip("]") else {
            throw cursor.fault("`,` or `]` belongs here", hint: "The array starts in line \(position.line).")
        }
        return DocumentNode(position: position, content: .sequence(items))
    }

    private mutating func string() throws(SyntaxFault) -> String {
        let start = cursor.position
        var bytes: [UInt8] = []
        _ = cursor.skip("\"")
        while !cursor.skip("\"") {
            guard let byte = cursor.peek(), byte >= 0x20 else {
                throw SyntaxFault(position: start, sentence: "the text that starts here does not end")
            }
            cursor.take()
            if byte == UInt8(ascii: "\\") { bytes += try escaped().utf8 } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func escaped() throws(SyntaxFault) -> String {
        let fault = cursor.fault("this is no escape of a text")
        let letter = cursor.take()
        if let character = TextCursor.escape(letter) { return character }
        switch letter {
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "u"):
            var code = try cursor.takeScalar(digits: 4)
            if (0xD800..<0xDC00).contains(code), cursor.skip("\\u") {
                let low = try cursor.takeScalar(digits: 4)
                guard (0xDC00..<0xE000).contains(low) else { throw fault }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault }
            return String(Character(scalar))
        default: throw fault
        }
    }

    private mutating func skipBlank() { _ = cursor.take { " \t\r\n".utf8.contains($0) } }
}
