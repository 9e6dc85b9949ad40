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
        for row in rows {
            guard let found = address(row, columns) else { continue }
            let table = table(row, columns) ?? found.table
            let isNumbered = (addressing ?? findings.addressing) == .modicon && found.place(.modicon) != nil
            if table == nil, !isNumbered { findings.needsTable = true }
            if table?.isBits == true || cell(.order, row, columns) != nil { continue }
            let count = cell(.count, row, columns).flatMap { Int($0) } ?? found.count
            if case .success(let type) = SheetType.read(cell(.type, row, columns) ?? "", count: count),
                type.wire.hasWordOrder, type.order == nil
            {
                findings.needsOrder = true
            }
        }
        return findings
    }

    private func columnLines(_ columns: [SheetColumn: Int]) -> [String] {
        let heads = headingRow.map { text.rows[$0].cells } ?? []
        let width = max(heads.count, columns.values.max() ?? 0)
        return (0..<width).map { index in
            let name = index < heads.count && !heads[index].isEmpty ? " \"\(heads[index])\"" : ""
            let uses = columns.filter { $0.value == index + 1 }.map(\.key.rawValue).sorted()
            return "  column \(index + 1)\(name): \(uses.isEmpty ? "not used" : uses.joined(separator: ", "))"
        }
    }

    private func look(at addresses: [SheetAddress], into findings: inout SheetFindings) {
        guard let low = addresses.map(\.number).min(), let high = addresses.map(\.number).max() else {
            findings.lines.append("  no cell holds an address")
            return
        }
        let isHex = addresses.allSatisfy(\.isHex)
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
