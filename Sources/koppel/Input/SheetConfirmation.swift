internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

/// What is confirmed of a sheet of registers; the rest is asked, or refused. Nothing is guessed.
struct SheetConfirmation {
    /// From what a column holds to its number, from 1.
    var columns: [SheetColumn: Int]?
    var addressing: SheetAddressing?
    /// The order of values over several registers.
    var order: ByteOrder?
    var table: RegisterTable?
    /// The type, where no cell says.
    var type: WireType?

    /// Shows what was detected and lets it be confirmed, if there is somebody to ask.
    ///
    /// - Throws: Exit code 64 with the options to give, if something is not confirmed.
    func confirm(_ sheet: RegisterSheet, asking dialogue: inout Dialogue?, show: (String) -> Void) throws
        -> SheetAnswers
    {
        var answers = SheetAnswers(columns: columns ?? sheet.proposedColumns)
        (answers.addressing, answers.order, answers.table) = (addressing, order, table)
        answers.type = type
        sheet.findings(answers.columns).lines.forEach(show)
        if columns == nil, dialogue != nil {
            let proposal = ColumnList(columns: answers.columns).description
            answers.columns =
                try dialogue?.ask("The columns", or: proposal) { answer throws(Dialogue.Refusal) in
                    do {
                        return try ColumnList(parsing: answer).columns
                    } catch {
                        let sentence = (error as? ValidationError)?.message ?? "\(error)"
                        throw Dialogue.Refusal(sentence: "\(sentence) For example address=1,name=2,type=3,unit=4")
                    }
                } ?? [:]
            if answers.columns != sheet.proposedColumns { sheet.findings(answers.columns).lines.forEach(show) }
        }
        let seen = sheet.findings(answers.columns).addressing
        if addressing == nil {
            answers.addressing = try dialogue?.choose("How addresses count", of: SheetAddressing.allCases, or: seen)
        }
        let findings = sheet.findings(answers.columns, addressing: answers.addressing)
        if table == nil, findings.needsTable {
            answers.table = try dialogue?.choose("Where the registers are", of: SheetTable.allCases).table
        }
        if type == nil, findings.needsType {
            answers.type = try dialogue?.ask("The type of what has none", or: "uint16") {
                answer throws(Dialogue.Refusal) in
                guard let wire = wireType(named: answer) else {
                    throw Dialogue.Refusal(sentence: "`\(answer)` is no type that is known here")
                }
                return wire
            }
        }
        if order == nil, findings.needsOrder || answers.type.map({ $0.registers > 1 }) == true {
            answers.order = try dialogue?.choose(
                "The order of values over several registers", of: WordOrder.allCases, or: .abcd
            ).order
        }
        try refuse(sheet, answers, findings, isAsked: dialogue != nil)
        return answers
    }

    private func refuse(
        _ sheet: RegisterSheet, _ answers: SheetAnswers, _ findings: SheetFindings, isAsked: Bool
    ) throws {
        var missing: [String] = []
        if columns == nil, !isAsked {
            let proposal = ColumnList(columns: answers.columns).description
            let named = answers.columns[.name] ?? answers.columns[.description]
            let whole = named == nil ? proposal + ",name=N" : proposal
            missing.append("--columns \(proposal.isEmpty ? "address=N,name=N,..." : whole)")
        }
        if answers.addressing == nil {
            missing.append("--addressing \(findings.addressing?.rawValue ?? "zero-based|one-based|modicon")")
        }
        if answers.table == nil, findings.needsTable { missing.append("--table holding|input|coil|discrete") }
        if answers.type == nil, findings.needsType { missing.append("--type uint16|int16|float32|...") }
        let isWide = findings.needsType && answers.type.map { $0.registers > 1 } == true
        if answers.order == nil, findings.needsOrder || isWide { missing.append("--word-order ABCD|CDAB|BADC|DCBA") }
        guard !missing.isEmpty else { return }
        Streams.complain("nothing is guessed: confirm what was detected with \(missing.joined(separator: " "))")
        throw ExitStatus.usage
    }
}
