/// A spreadsheet saved as text (RFC 4180, and semicolons or tabs in place of commas).
///
/// At most 20,000 rows of 200 cells; what comes after is an error, so that nothing is missing in silence.
struct SheetText {
    struct Row {
        /// Where it starts; a cell in quotes may hold ends of lines.
        var line: Int
        var cells: [String]
    }

    static let mostRows = 20_000
    static let mostCells = 200

    private(set) var rows: [Row] = []
    let delimiter: Character

    init(_ text: String) throws(SyntaxFault) {
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        delimiter = Self.delimiter(of: text)
        var cells: [String] = []
        var cell = ""
        var quoteLine: Int?
        var (line, rowLine) = (1, 1)
        var characters = text.makeIterator()
        var next = characters.next()
        while let character = next {
            next = characters.next()
            if character.isNewline { line += 1 }
            if quoteLine != nil {
                if character != "\"" {
                    cell.append(character)
                } else if next == "\"" {
                    cell.append("\"")
                    next = characters.next()
                } else {
                    quoteLine = nil
                }
            } else if character == "\"", cell.allSatisfy({ $0 == " " }) {
                cell = ""
                quoteLine = line
            } else if character == delimiter {
                cells.append(cell)
                cell = ""
            } else if character.isNewline {
                try add(cells + [cell], line: rowLine)
                (cells, cell, rowLine) = ([], "", line)
            } else {
                cell.append(character)
            }
        }
        if let quoteLine {
            throw SyntaxFault(
                position: SourcePosition(line: quoteLine, column: 1),
                sentence: "a cell starts with a double quote here and does not end",
                hint: "A quote inside a cell in quotes is written twice.")
        }
        try add(cells + [cell], line: rowLine)
    }

    /// Rows without anything in them are left out.
    private mutating func add(_ cells: [String], line: Int) throws(SyntaxFault) {
        let trimmed = cells.map(Self.trimmed)
        guard trimmed.contains(where: { !$0.isEmpty }) else { return }
        let position = SourcePosition(line: line, column: 1)
        guard rows.count < Self.mostRows else {
            throw SyntaxFault(position: position, sentence: "the sheet has more than 20,000 rows", hint: "Split it.")
        }
        guard trimmed.count <= Self.mostCells else {
            throw SyntaxFault(position: position, sentence: "this row has more than 200 cells")
        }
        rows.append(Row(line: line, cells: trimmed))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    /// The one that divides most of the first twenty lines into as many cells; of equals the rarer in texts.
    private static func delimiter(of text: Substring) -> Character {
        let lines = text.split(maxSplits: 20, whereSeparator: \.isNewline).prefix(20)
        var best: (delimiter: Character, score: Int) = (",", 0)
        for delimiter in ["\t", ";", ","] as [Character] {
            var counts: [Int: Int] = [:]
            for line in lines {
                var isQuoted = false
                var count = 0
                for character in line {
                    if character == "\"" { isQuoted.toggle() }
                    if character == delimiter, !isQuoted { count += 1 }
                }
                if count > 0 { counts[count, default: 0] += 1 }
            }
            let score = counts.map { $0.key * $0.value }.max() ?? 0
            let lead = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.value ?? 0
            if lead * 100 + min(score, 99) > best.score { best = (delimiter, lead * 100 + min(score, 99)) }
        }
        return best.delimiter
    }
}
