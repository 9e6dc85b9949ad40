/// One value of a file on its way to a checked value: the node, the file it stands in and the keys that lead to it.
///
/// Each reading function gives `nil` after writing an issue, so that a reader goes on and all issues come out at once.
struct Field {
    let node: DocumentNode
    let file: String
    let path: String
    /// Where the key stands, for issues about what is missing below it.
    let keyPosition: SourcePosition
    let issues: IssueLog

    /// The whole document.
    init(document: DocumentNode, file: String, issues: IssueLog) {
        self.init(node: document, file: file, path: "", keyPosition: .start, issues: issues)
    }

    init(node: DocumentNode, file: String, path: String, keyPosition: SourcePosition, issues: IssueLog) {
        self.node = node
        self.file = file
        self.path = path
        self.keyPosition = keyPosition
        self.issues = issues
    }

    /// Writes an error about the value.
    func error(_ sentence: String, hint: @autoclosure () -> String? = nil) {
        add(.error, sentence, hint: hint, at: node.position)
    }

    /// Writes an error about the key, for a thing that is missing below it.
    func keyError(_ sentence: String, hint: @autoclosure () -> String? = nil) {
        add(.error, sentence, hint: hint, at: keyPosition)
    }

    func warning(_ sentence: String, hint: @autoclosure () -> String? = nil) {
        add(.warning, sentence, hint: hint, at: node.position)
    }

    func keyWarning(_ sentence: String, hint: @autoclosure () -> String? = nil) {
        add(.warning, sentence, hint: hint, at: keyPosition)
    }

    /// A hint may look through every known name, so it is only made while the list of issues is short.
    private func add(
        _ severity: ConfigIssue.Severity, _ sentence: String, hint: () -> String?, at position: SourcePosition
    ) {
        issues.add(
            ConfigIssue(
                file: file, position: position, path: path, severity: severity, sentence: sentence,
                hint: issues.issues.count < 200 ? hint() : nil))
    }

    /// The text as written if this is a single value, without an issue if it is not.
    var scalarText: String? {
        guard case .scalar(let text, _) = node.content else { return nil }
        return text
    }

    /// True if there is no value: nothing, `~` or `null`.
    var isNothing: Bool {
        guard case .scalar(let text, isPlain: true) = node.content else { return false }
        return isNull(text)
    }

    /// True if the value is a mapping.
    var isMapping: Bool {
        guard case .mapping = node.content else { return false }
        return true
    }

    var isList: Bool {
        guard case .sequence = node.content else { return false }
        return true
    }

    /// A text that is not empty, at most 1,024 bytes.
    func string() -> String? {
        guard case .scalar(let text, let isPlain) = node.content, !(isPlain && isNull(text)), !text.isEmpty else {
            return wrongKind(expected: "a text")
        }
        guard text.utf8.count <= 1_024 else {
            error("this text is longer than 1,024 bytes")
            return nil
        }
        return text
    }

    func bool() -> Bool? {
        switch scalarText {
        case "true", "True", "yes", "on": return true
        case "false", "False", "no", "off": return false
        default: return wrongKind(expected: "true or false")
        }
    }

    /// A whole number, decimal or with 0x in hexadecimal.
    func int(in range: ClosedRange<Int>) -> Int? {
        guard let text = scalarText, let number = wholeNumber(text) else {
            return wrongKind(expected: "a whole number", hint: scalarText.flatMap(hexadecimalHint))
        }
        guard range.contains(number) else {
            error("\(text) is outside \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// A finite number.
    func number() -> Double? {
        guard let text = scalarText, let number = Double(text), number.isFinite, !text.hasPrefix("0x") else {
            return wrongKind(expected: "a number", hint: scalarText.flatMap(decimalHint))
        }
        return number
    }

    /// The items of a list. An item is named after its key `name` if it has one, so that a path says more than a
    /// number.
    func list(named name: String? = nil) -> [Field]? {
        guard case .sequence(let items) = node.content else { return wrongKind(expected: "a list") }
        return items.enumerated().map { index, item in
            var label = "\(index + 1)"
            if let name, case .mapping(let entries) = item.content,
                case .scalar(let text, _)? = entries.first(where: { $0.key == name })?.value.content,
                !text.isEmpty, text.utf8.count <= 80
            {
                label = text
            }
            return Field(
                node: item, file: file, path: joined(label), keyPosition: item.position, issues: issues)
        }
    }

    /// The keys and values of a mapping with free keys, in the order of the file.
    func entries() -> [(key: String, value: Field)]? {
        guard case .mapping(let entries) = node.content else { return wrongKind(expected: "a mapping") }
        return entries.map { ($0.key, child($0)) }
    }

    /// A mapping with a closed set of keys. Any other key is an error; `synonyms` are words that people write for one.
    func section(_ known: [String], synonyms: [String: String] = [:]) -> Section? {
        guard case .mapping(let entries) = node.content else { return wrongKind(expected: "a mapping") }
        var fields: [String: Field] = [:]
        for entry in entries {
            let field = child(entry)
            if known.contains(entry.key) {
                fields[entry.key] = field
            } else {
                let meant = synonyms[entry.key].map { "Did you mean `\($0)`?" }
                field.keyError("unknown key", hint: meant ?? suggestion(for: entry.key, in: known))
            }
        }
        return Section(field: self, fields: fields)
    }

    /// A text that must be one of a closed set.
    func choice<Choice: RawRepresentable<String>>(_ choices: [Choice]) -> Choice? {
        guard let text = string() else { return nil }
        if let choice = choices.first(where: { $0.rawValue == text }) { return choice }
        error("`\(text)` is not known here", hint: suggestion(for: text, in: choices.map(\.rawValue)))
        return nil
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) -> Choice? {
        choice(Array(Choice.allCases))
    }

    private func child(_ entry: DocumentNode.Entry) -> Field {
        Field(
            node: entry.value, file: file, path: joined(entry.key), keyPosition: entry.keyPosition, issues: issues)
    }

    private func joined(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// Writes that something else was expected here and gives `nil`.
    func wrongKind<Value>(expected: String, hint: String? = nil) -> Value? {
        if let text = scalarText, !isNothing, (1...80).contains(text.utf8.count) {
            error("\(expected) belongs here, not `\(text)`", hint: hint)
        } else {
            error("\(expected) belongs here, not \(node.kindName)", hint: hint)
        }
        return nil
    }
}

/// A mapping with a closed set of keys.
struct Section {
    let field: Field
    private let fields: [String: Field]

    init(field: Field, fields: [String: Field]) {
        self.field = field
        self.fields = fields
    }

    /// The value of a key, `nil` if the key is not there.
    subscript(key: String) -> Field? { fields[key] }

    /// The value of a key that must be there.
    func required(_ key: String, hint: String? = nil) -> Field? {
        if let field = fields[key] { return field }
        field.keyError("`\(key)` is missing", hint: hint)
        return nil
    }
}

/// How to write 103Eh or 103E; `nil` if the text is not hexadecimal.
private func hexadecimalHint(_ text: String) -> String? {
    let digits = text.last == "h" || text.last == "H" ? text.dropLast() : text[...]
    guard (1...4).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit) else { return nil }
    return "Write hexadecimal with 0x in front: 0x\(digits.uppercased())."
}

/// How to write 0,001 or 1/1000; `nil` for another text.
private func decimalHint(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    if parts.count == 2, let above = parts[0], let below = parts[1], below != 0 { return "Write \(above / below)." }
    return Double(text.replacing(",", with: ".")).map { "Write the decimal point: \($0)." }
}

/// A whole number as it stands in a file: decimal, or hexadecimal after 0x.
func wholeNumber(_ text: String) -> Int? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return Int(text.dropFirst(2), radix: 16) }
    return Int(text)
}
