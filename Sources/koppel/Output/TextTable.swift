/// Rows of text in aligned columns, for people.
///
/// Numbers stand to the right, everything else to the left. If the terminal is too narrow the widest text columns are
/// cut, with `…`; numbers never are.
struct TextTable: Sendable {
    struct Column: Sendable {
        enum Alignment: Sendable { case left, right }

        let title: String
        let alignment: Alignment

        static func text(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func number(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    /// A text and, if it matters, a tone.
    struct Cell: Sendable, ExpressibleByStringLiteral {
        let text: String
        let tone: TerminalStyle.Tone?

        init(_ text: String, _ tone: TerminalStyle.Tone? = nil) {
            self.text = DisplayWidth.harmless(text)
            self.tone = tone
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    /// The narrowest that a text column is cut to.
    private static let narrowest = 6
    private static let gap = 2

    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells are empty, cells beyond the last column are a mistake of the caller.
    mutating func add(_ cells: [Cell]) {
        precondition(cells.count <= columns.count, "A row has more cells than the table has columns.")
        rows.append(cells + Array(repeating: Cell(""), count: columns.count - cells.count))
    }

    mutating func add(_ texts: [String]) { add(texts.map { Cell($0) }) }

    /// The table as lines, each ended by a line feed; the titles first, even if there are no rows.
    func rendered(_ style: TerminalStyle) -> String {
        let widths = widths(limit: style.width)
        let titles = columns.map { Cell($0.title, .strong) }
        return ([titles] + rows).map { line($0, widths, style) + "\n" }.joined()
    }

    private func widths(limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(DisplayWidth.of(columns[index].title)) { max($0, DisplayWidth.of($1[index].text)) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap * (columns.count - 1) - limit
        while excess > 0 {
            let cuttable = columns.indices.filter { columns[$0].alignment == .left && widths[$0] > Self.narrowest }
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ style: TerminalStyle) -> String {
        var result = ""
        var blanks = 0
        for (index, cell) in cells.enumerated() {
            let text = DisplayWidth.clipped(cell.text, to: widths[index])
            let room = widths[index] - DisplayWidth.of(text)
            let isRight = columns[index].alignment == .right
            if isRight { blanks += room }
            // Blanks are written only when something follows them, so that no line ends in blanks.
            if !text.isEmpty {
                result += String(repeating: " ", count: blanks) + style.paint(text, cell.tone)
                blanks = 0
            }
            if !isRight { blanks += room }
            blanks += Self.gap
        }
        return result
    }
}
