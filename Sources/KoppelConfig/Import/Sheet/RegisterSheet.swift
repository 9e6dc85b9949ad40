package import KoppelCore

/// What a person has to confirm before a sheet of registers becomes a profile: nothing of it is guessed.
package struct SheetAnswers: Sendable {
    /// From what a column holds to its number, from 1.
    package var columns: [SheetColumn: Int]
    package var addressing: SheetAddressing?
    /// The order of values over several registers, where the sheet itself does not say.
    package var order: ByteOrder?
    /// The table, where the sheet itself does not say.
    package var table: RegisterTable?
    /// The type, where the sheet itself does not say.
    package var type: WireType?

    package init(columns: [SheetColumn: Int] = [:]) { self.columns = columns }
}

/// A spreadsheet of registers, saved as CSV.
package struct RegisterSheet: Sendable {
    /// Rows above the registers in which headings are looked for.
    private static let headingRows = 30

    package let file: String
    package let encoding: String
    let text: SheetText
    /// The row with the headings; `nil` if none was recognised.
    private(set) var headingRow: Int?

    package static func read(_ bytes: [UInt8], file: String) -> Result<RegisterSheet, ConfigIssue> {
        do throws(SyntaxFault) {
            return .success(try RegisterSheet(bytes, file: file))
        } catch {
            return .failure(
                ConfigIssue(
                    file: file, position: error.position, path: "", severity: .error, sentence: error.sentence,
                    hint: error.hint))
        }
    }

    private init(_ bytes: [UInt8], file: String) throws(SyntaxFault) {
        let read = try ImportText.spreadsheet(bytes).get()
        let text = try SheetText(read.text)
        guard !text.rows.isEmpty else { throw SyntaxFault(position: .start, sentence: "the sheet is empty") }
        self.file = file
        encoding = read.encoding
        self.text = text
        let candidates = text.rows.prefix(Self.headingRows).indices.map { index in
            (index, Set(text.rows[index].cells.compactMap { SheetColumn(heading: $0) }))
        }
        headingRow =
            candidates.first { found in
                found.1.count >= 2 && (found.1.contains(.address) || found.1.contains(.addressHex))
            }?.0
    }

    /// What the headings say the columns are; empty if there are none.
    package var proposedColumns: [SheetColumn: Int] {
        guard let headingRow else { return [:] }
        var columns: [SheetColumn: Int] = [:]
        var nameless: Int?
        for (index, cell) in text.rows[headingRow].cells.enumerated() {
            guard var column = SheetColumn(heading: cell) else { continue }
            if column == .address {
                switch addressKind(ofColumn: index + 1) {
                case .decimal: break
                case .hexadecimal: column = .addressHex
                case nil:
                    // A "register" without a number in it is the name of one.
                    nameless = nameless ?? index + 1
                    continue
                }
            }
            // Of two that say the same the first counts.
            if columns[column] == nil { columns[column] = index + 1 }
        }
        if columns[.name] == nil { columns[.name] = nameless }
        if columns[.address] != nil { columns[.addressHex] = nil }
        if columns[.name] == nil, let description = columns.removeValue(forKey: .description) {
            columns[.name] = description
        }
        return columns
    }

    private enum AddressKind { case decimal, hexadecimal }

    /// What the cells of a column below the headings look like; `nil` if none is an address.
    ///
    /// `1A0F` beside `1000` makes all of them hexadecimal, so that `1000` is not read as a thousand. A stray one does not.
    private func addressKind(ofColumn number: Int) -> AddressKind? {
        let cells = rows([:]).compactMap { number <= $0.cells.count ? $0.cells[number - 1] : nil }
        let plain = cells.count { SheetAddress($0, isHex: false) != nil }
        let lettered = cells.count {
            SheetAddress($0, isHex: false) == nil && SheetAddress($0, isHex: true) != nil
                && $0.contains { $0.isNumber }
        }
        if lettered >= 2, lettered * 10 >= plain { return .hexadecimal }
        return plain > 0 ? .decimal : nil
    }

    /// How many registers the value of a row takes, if a cell says so.
    func registers(_ row: SheetText.Row, _ columns: [SheetColumn: Int]) throws(SyntaxFault) -> Int? {
        for (column, size) in [(SheetColumn.count, 1), (.countBytes, 2), (.countBits, 16)] {
            guard let text = cell(column, row, columns) else { continue }
            guard let number = SheetNumber.number(text), let whole = Int(exactly: number / Double(size)) else {
                throw SyntaxFault(
                    position: SourcePosition(line: row.line, column: 1),
                    sentence: size == 1 ? "`\(text)` is no whole number" : "`\(text)` is no whole number of registers")
            }
            return whole
        }
        return nil
    }

    /// The rows with registers: below the headings, or from the first that has an address.
    func rows(_ columns: [SheetColumn: Int]) -> ArraySlice<SheetText.Row> {
        if let headingRow { return text.rows[(headingRow + 1)...] }
        return text.rows.drop { row in address(row, columns) == nil }
    }

    func cell(_ column: SheetColumn, _ row: SheetText.Row, _ columns: [SheetColumn: Int]) -> String? {
        guard let number = columns[column], number >= 1, number <= row.cells.count else { return nil }
        let text = row.cells[number - 1]
        return text.isEmpty ? nil : text
    }

    func address(_ row: SheetText.Row, _ columns: [SheetColumn: Int]) -> SheetAddress? {
        if let text = cell(.addressHex, row, columns) { return SheetAddress(text, isHex: true) }
        return cell(.address, row, columns).flatMap { SheetAddress($0, isHex: false) }
    }
}

extension ConfigIssue: Error {}
