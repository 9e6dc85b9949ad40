/// Something wrong in a configuration file, a device profile or a vectors file: where, what, and what to do.
package struct ConfigIssue: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The file is not used.
        case error
        /// The file is used; a person should look.
        case warning
    }

    /// The path of the file as it was named to us.
    package var file: String
    package var position: SourcePosition
    /// The keys that lead there, for example `machines.main-meter.unit`; empty for the file as a whole.
    package var path: String
    package var severity: Severity
    package var sentence: String
    /// What to do about it.
    package var hint: String?

    package init(
        file: String, position: SourcePosition, path: String, severity: Severity, sentence: String, hint: String? = nil
    ) {
        self.file = file
        self.position = position
        self.path = path
        self.severity = severity
        self.sentence = sentence
        self.hint = hint
    }

    package var line: Int { position.line }
    package var column: Int { position.column }

    /// `file:line:column: error: path: sentence`, and the hint indented on a line of its own.
    package var description: String {
        let place = "\(file):\(line):\(column): \(severity.rawValue): "
        let text = path.isEmpty ? place + sentence : place + path + ": " + sentence
        guard let hint else { return text }
        return text + "\n    " + hint
    }
}

/// A place in a text file. Both count from 1; the column counts Unicode scalars.
package struct SourcePosition: Hashable, Comparable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Where an issue about a file as a whole points.
    package static let start = SourcePosition(line: 1, column: 1)

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
