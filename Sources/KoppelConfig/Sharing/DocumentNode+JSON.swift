internal import KoppelCore

extension DocumentNode {
    /// The document as JSON says it: what stands in quotes is a text, and what stands plainly may be a number, a flag or
    /// nothing. A file in JSON becomes what it says.
    var json: JSONTree {
        switch content {
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let entries): .object(entries.map { JSONTree.Member($0.key, $0.value.json) })
        case .scalar(let text, isPlain: false): .string(text)
        case .scalar(let text, isPlain: true): Self.plain(text)
        }
    }

    private static func plain(_ text: String) -> JSONTree {
        if isNull(text) { return .null }
        if text == "true" || text == "false" { return .bool(text == "true") }
        let mayBeNumber = text.utf8.first.map { isDigit($0) || $0 == UInt8(ascii: "-") } ?? false
        guard mayBeNumber, text.utf8.allSatisfy({ isDigit($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }) else {
            return .string(text)
        }
        if let whole = Int64(text), whole.magnitude < 9_007_199_254_740_992 { return .integer(whole) }
        if let number = Double(text), number.isFinite { return .number(number) }
        return .string(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The node that keys and places from 1, joined by dots, lead to; the last one on the way if it ends early.
    func node(at path: String) -> DocumentNode {
        var node = self
        for part in path.split(separator: ".") {
            switch node.content {
            case .mapping(let entries):
                guard let entry = entries.first(where: { $0.key == part }) else { return node }
                node = entry.value
            case .sequence(let items):
                guard let place = Int(part), items.indices.contains(place - 1) else { return node }
                node = items[place - 1]
            case .scalar: return node
            }
        }
        return node
    }
}
