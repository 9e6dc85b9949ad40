internal import Yams

/// Turns the text of a file into located nodes. The only place that knows the YAML library.
///
/// It keeps to ``DocumentLimits`` and knows no anchors, aliases or tags: a configuration file has no use for them.
struct DocumentParser {
    let file: String
    let issues: IssueLog

    /// `nil` if the text is no usable document; the reason is then in the issues.
    func parse(_ bytes: [UInt8]) -> DocumentNode? {
        guard bytes.count <= DocumentLimits.bytes else {
            return refuse("the file is larger than 4 MiB", hint: "Split it over several files.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return refuse("the file is not UTF-8 text", hint: "Save it as UTF-8.")
        }
        if let refusal = DocumentLimits.refusal(of: text) {
            return refuse(refusal.sentence, at: refusal.position, hint: refusal.hint)
        }
        var keys = MaskedKeys(text: text)
        while true {
            do {
                // The nodes know their anchors only as long as the parser lives.
                let parser = try Yams.Parser(yaml: keys.text, resolver: .basic, encoding: .utf8)
                return try withExtendedLifetime(parser) {
                    guard let root = try parser.singleRoot() else { return refuse("the file is empty", hint: nil) }
                    return node(root, depth: 1, keys: keys)
                }
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                // The library names only the first occurrence and gives up. Masking that one makes it go on, and
                // the second is found when the nodes are taken over.
                let position = SourcePosition(line: context.mark.line, column: context.mark.column)
                guard keys.mask(at: position) else {
                    return refuse(
                        "the key `\(names.first ?? "")` stands twice in one mapping", at: position,
                        hint: "Keep one of the two.")
                }
            } catch {
                return refuse(error)
            }
        }
    }

    private func node(_ node: Node, depth: Int, keys: MaskedKeys) -> DocumentNode? {
        let position = node.position
        guard depth <= DocumentLimits.depth else {
            return refuse("lists and mappings stand more than 64 deep in each other", at: position, hint: nil)
        }
        guard node.anchor == nil else {
            return refuse(
                "anchors (&name) and aliases (*name) are not allowed", at: position,
                hint: "Put a text that starts with & in quotes.")
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return DocumentNode(position: position, content: .scalar(scalar.string, isPlain: isPlain))
        case .sequence(let sequence):
            var items: [DocumentNode] = []
            for item in sequence {
                guard let item = self.node(item, depth: depth + 1, keys: keys) else { return nil }
                items.append(item)
            }
            return DocumentNode(position: position, content: .sequence(items))
        case .mapping(let mapping):
            return self.mapping(mapping, at: position, depth: depth, keys: keys)
        case .alias:
            return refuse("aliases (*name) are not allowed", at: position, hint: "Write the value out.")
        }
    }

    private func mapping(_ mapping: Node.Mapping, at position: SourcePosition, depth: Int, keys: MaskedKeys)
        -> DocumentNode?
    {
        var entries: [DocumentNode.Entry] = []
        var seen: [String: Int] = [:]
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key, key.anchor == nil else {
                return refuse("a key must be a single word", at: key.position, hint: nil)
            }
            let name = keys.unmasked(scalar.string)
            guard let value = node(value, depth: depth + 1, keys: keys) else { return nil }
            if let line = seen.updateValue(key.position.line, forKey: name) {
                issues.add(
                    ConfigIssue(
                        file: file, position: key.position, path: "", severity: .error,
                        sentence: "the key `\(name)` stands twice in one mapping, also in line \(line)",
                        hint: "Keep one of the two."))
                continue
            }
            entries.append(DocumentNode.Entry(key: name, keyPosition: key.position, value: value))
        }
        return DocumentNode(position: position, content: .mapping(entries))
    }

    private func refuse(_ sentence: String, at position: SourcePosition = .start, hint: String?) -> DocumentNode? {
        issues.add(
            ConfigIssue(
                file: file, position: position, path: "", severity: .error, sentence: sentence, hint: hint))
        return nil
    }

    private func hint(for problem: String) -> String {
        if problem.contains("alias") { return "A text that starts with * stands in quotes." }
        if problem.contains("tab character") { return "Indent with spaces, not tabs." }
        if problem.contains("cannot start any token") {
            return "Indent with spaces, not tabs; a text that starts with @, ` or % stands in quotes."
        }
        return "Look at the indentation, the colons and the quotes here and in the line above."
    }

    private func refuse(_ error: any Error) -> DocumentNode? {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let during = context.map { " \($0.text) that starts in line \($0.mark.line)" } ?? ""
            return refuse(
                "this is not YAML: \(problem)\(during)", at: SourcePosition(line: mark.line, column: mark.column),
                hint: hint(for: problem + during))
        case YamlError.reader(let problem, _, _, _):
            return refuse("this is not YAML: \(problem)", hint: "Remove the control characters.")
        default:
            return refuse("this is not YAML: \(error)", hint: nil)
        }
    }
}

extension Node {
    /// Where it starts.
    fileprivate var position: SourcePosition {
        mark.map { SourcePosition(line: $0.line, column: $0.column) } ?? .start
    }
}
