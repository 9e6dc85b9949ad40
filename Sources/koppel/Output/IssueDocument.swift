internal import KoppelConfig

/// An issue as `--json` writes it.
struct IssueDocument: Encodable {
    var file: String
    var line: Int
    var column: Int
    var severity: String
    var path: String
    var sentence: String
    var hint: String?

    init(_ issue: ConfigIssue) {
        file = issue.file
        line = issue.line
        column = issue.column
        severity = issue.severity.rawValue
        path = issue.path
        sentence = issue.sentence
        hint = issue.hint
    }
}

extension Sequence<ConfigIssue> {
    var errors: Int { count { $0.severity == .error } }
    var warnings: Int { count { $0.severity == .warning } }

    /// One issue a line, with its hint on the next.
    func rendered(_ style: TerminalStyle) -> String {
        map { issue in
            let word = "\(issue.severity.rawValue):"
            let tone: TerminalStyle.Tone = issue.severity == .error ? .bad : .warning
            let lines = issue.description.split(separator: "\n", omittingEmptySubsequences: false)
            let text = lines.map { DisplayWidth.harmless(String($0)) }.joined(separator: "\n")
            guard let place = text.firstRange(of: " \(word) ") else { return text + "\n" }
            return text.replacingCharacters(in: place, with: " \(style.paint(word, tone)) ") + "\n"
        }.joined()
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<String.Index>? { ranges(of: text).first }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
