internal import KoppelCore

/// What a sheet lets see with certain columns, and what it leaves open.
package struct SheetFindings: Sendable {
    /// For people, a line each.
    package var lines: [String] = []
    /// What the addresses look like; `nil` if they could be either.
    package var addressing: SheetAddressing?
    /// True if some register has a table from nowhere.
    package var needsTable = false
    /// True if some value takes several registers and the sheet does not say in which order.
    package var needsOrder = false
    /// True if no register has a type.
    package var needsType = false
}

extension RegisterSheet {
    /// What is known with these columns; before `addressing` is confirmed, as the addresses look.
    package func findings(_ columns: [SheetColumn: Int], addressing: SheetAddressing? = nil) -> SheetFindings {
        var findings = SheetFindings()
        let separators: [Character: String] = [",": "commas", ";": "semicolons", "\t": "tabs"]
        let count = "\(rows(columns).count) rows"
        let place =
            if let headingRow {
                "\(count) below the headings in line \(text.rows[headingRow].line)"
            } else {
                rows(columns).first.map { "no headings, \(count) from line \($0.line) on" } ?? "no headings"
            }
        findings.lines.append(
            "\(file): \(encoding), cells separated by \(separators[text.delimiter] ?? "commas"), \(place)")
        findings.lines += columnLines(columns)
        let rows = rows(columns)
        let addresses = rows.compactMap { address($0, columns) }
        look(at: addresses, into: &findings)
        findings.lines += scaleLines(columns)
        var isTyped: [Bool] = []
        for row in rows {
            guard let found = address(row, columns) else { continue }
            let table = table(row, columns) ?? found.table
            let isNumbered = (addressing ?? findings.addressing) == .modicon && found.place(.modicon) != nil
            if table == nil, !isNumbered { findings.needsTable = true }
            let numbered = isNumbered ? found.place(.modicon)?.table : nil
            if (table ?? numbered)?.isBits == true { continue }
            if found.bit == nil { isTyped.append(cell(.type, row, columns) != nil) }
            if cell(.order, row, columns) != nil { continue }
            // try? because a row with a wrong count is left out later, with its reason.
            let count = (try? registers(row, columns)) ?? found.count
            if case .success(let type) = SheetType.read(cell(.type, row, columns) ?? "", count: count),
                type.wire.hasWordOrder, type.order == nil
            {
                findings.needsOrder = true
            }
        }
        findings.needsType = !isTyped.isEmpty && !isTyped.contains(true)
        return findings
    }

    private func columnLines(_ columns: [SheetColumn: Int]) -> [String] {
        let heads = headingRow.map { text.rows[$0].cells } ?? []
        let width = max(heads.count, columns.values.max() ?? 0)
        return (0..<width).map { index in
            // A heading of several lines is shown on one.
            let head =
                index < heads.count ? heads[index].split(whereSeparator: \.isWhitespace).joined(separator: " ") : ""
            let name = head.isEmpty ? "" : " \"\(head)\""
            let uses = columns.filter { $0.value == index + 1 }.map(\.key.rawValue).sorted()
            return "  column \(index + 1)\(name): \(uses.isEmpty ? "not used" : uses.joined(separator: ", "))"
        }
    }

    /// A factor of 10 is a divisor in as many manuals as not; only a person can tell.
    private func scaleLines(_ columns: [SheetColumn: Int]) -> [String] {
        func steepest(_ column: SheetColumn, _ isOdd: (Double) -> Bool) -> String? {
            let cells = rows(columns).compactMap { cell(column, $0, columns) }
            return cells.compactMap { text in SheetNumber.factor(text).map { (text, $0) } }.filter { isOdd($0.1) }
                .max { abs($0.1) < abs($1.1) }?.0
        }
        var lines: [String] = []
        if let number = columns[.scale], let text = steepest(.scale, { $0 > 1 }) {
            lines.append(
                "  column \(number) says \(text), and values are multiplied by it; if the manual divides, say divisor=\(number)"
            )
        }
        if let number = columns[.divisor], let text = steepest(.divisor, { $0 > 0 && $0 < 1 }) {
            lines.append(
                "  column \(number) says \(text), and values are divided by it; if the manual multiplies, say scale=\(number)"
            )
        }
        return lines
    }

    private func look(at addresses: [SheetAddress], into findings: inout SheetFindings) {
        guard let low = addresses.map(\.number).min(), let high = addresses.map(\.number).max() else {
            findings.lines.append("  no cell holds an address")
            return
        }
        let isHex = addresses.allSatisfy(\.isHex)
        if !isHex, addresses.contains(where: \.isHex) {
            findings.lines.append(
                "  some addresses are written as hexadecimal and some are not: those without 0x or h are taken as decimal"
            )
        }
        let span = isHex ? "0x\(String(low, radix: 16)) to 0x\(String(high, radix: 16))" : "\(low) to \(high)"
        if addresses.allSatisfy(\.isModicon) {
            findings.addressing = .modicon
            findings.lines.append("  addresses \(span): they look like modicon, whose first digit names the table")
        } else if low == 0 {
            findings.addressing = .zeroBased
            findings.lines.append("  addresses \(span): zero-based, since there is an address 0")
        } else if isHex {
            findings.addressing = .zeroBased
            findings.lines.append("  addresses \(span): hexadecimal, which mostly is zero-based")
        } else if [30_000, 40_000, 300_000, 400_000].contains(low), high - low < 10_000 {
            findings.lines.append(
                "  addresses \(span): if the \(span.prefix(1)) only names the table, take it off first; \(low) is address 0"
            )
        } else {
            findings.lines.append("  addresses \(span): zero-based or one-based, the manual says which")
        }
    }

    /// The table a row itself names.
    func table(_ row: SheetText.Row, _ columns: [SheetColumn: Int]) -> RegisterTable? {
        cell(.table, row, columns).flatMap { RegisterTable(sheetTable: $0) }
            ?? cell(.function, row, columns).flatMap { RegisterTable(sheetFunction: $0) }
    }
}

extension WireType {
    /// True if the order of words matters.
    var hasWordOrder: Bool {
        if case .string = self { return false }
        return registers > 1
    }
}
