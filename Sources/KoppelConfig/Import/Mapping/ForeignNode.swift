internal import KoppelCore

/// A value of a file of another program. It is asked for what it has, and says nothing of what else stands there.
struct ForeignNode {
    let node: DocumentNode

    var position: SourcePosition { node.position }

    subscript(key: String) -> ForeignNode? {
        guard case .mapping(let entries) = node.content else { return nil }
        return entries.first { $0.key == key }.map { ForeignNode(node: $0.value) }
    }

    /// The keys of a mapping, in the order of the file.
    var keys: [(name: String, position: SourcePosition)] {
        guard case .mapping(let entries) = node.content else { return [] }
        return entries.map { ($0.key, $0.keyPosition) }
    }

    var isMapping: Bool {
        if case .mapping = node.content { true } else { false }
    }

    /// The items of a list; a value that is no list is the one item, as many programs allow.
    var items: [ForeignNode] {
        switch node.content {
        case .sequence(let items): items.map { ForeignNode(node: $0) }
        case .mapping: [self]
        case .scalar: isNothing ? [] : [self]
        }
    }

    private var isNothing: Bool {
        if case .scalar(let text, isPlain: true) = node.content { isNull(text) } else { false }
    }

    /// A single value as it is written; `nil` if there is none.
    var text: String? {
        guard case .scalar(let text, _) = node.content, !isNothing, !text.isEmpty else { return nil }
        return text
    }

    var whole: Int? {
        guard let text else { return nil }
        return wholeNumber(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    var number: Double? {
        guard let text, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    var flag: Bool? {
        switch text?.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// A time such as `500ms`, `1s`, `1m30s`, or a bare number of `unit`.
    func duration(unit: Duration) -> Duration? {
        guard let text else { return nil }
        if let number = Double(text), number.isFinite, (0...2_700_000).contains(number) { return unit * number }
        var rest = text[...]
        var total = Duration.zero
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !("0"..."9").contains($0) }
            rest = rest.dropFirst(name.count)
            let units: [Substring: Duration] = [
                "us": .microseconds(1), "µs": .microseconds(1), "ms": .milliseconds(1), "s": .seconds(1),
                "m": .seconds(60), "h": .seconds(3_600), "d": .seconds(86_400),
            ]
            guard let number = Double(digits), number < 1e6, let size = units[name] else { return nil }
            total += size * number
        }
        return total
    }
}
