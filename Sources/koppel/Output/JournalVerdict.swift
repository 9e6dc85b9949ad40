internal import KoppelAgent
internal import KoppelCore

/// What a look through all of a journal found, for people and as a document.
struct JournalVerdict {
    let report: JournalVerification.Report

    struct Document: Encodable {
        struct Record: Encodable {
            var position: Int64
            var fault: String
        }

        var sound: Bool
        var records: UInt64
        var readings: UInt64
        var damagedRecords: UInt64
        /// At most 20.
        var damaged: [Record]
        var file: [String]
        var missing: UInt64
        var missingAndDeclared: UInt64
        var storedTwice: UInt64
        var outOfOrder: UInt64
        /// Sentences, one for each signal that has a fault.
        var signals: [String]
    }

    var document: Document {
        Document(
            sound: report.isSound, records: report.records, readings: report.readings, damagedRecords: report.damaged,
            damaged: report.firstDamaged.map { .init(position: $0.position.rawValue, fault: $0.fault) },
            file: report.file, missing: report.account.missing,
            missingAndDeclared: report.account.total(\.explained), storedTwice: report.doubles,
            outOfOrder: report.account.total(\.unordered), signals: signals)
    }

    func rendered(_ style: TerminalStyle) -> String {
        var lines = report.file.map { "the file: \($0)" }
        lines += report.firstDamaged.map { "record \($0.position.rawValue) \($0.fault)" }
        let more = Int(clamping: report.damaged) - report.firstDamaged.count
        if more > 0 { lines.append("\(PlainText.count(more, "more record")) like that") }
        lines += signals
        let what =
            "\(PlainText.count(Int(clamping: report.records), "record")), "
            + "\(PlainText.count(Int(clamping: report.readings), "reading")) of "
            + PlainText.count(report.account.signals.count, "signal")
        let declared = report.account.total(\.explained)
        let verdict =
            report.isSound
            ? style.paint(
                "Sound: \(what)" + (declared > 0 ? "; \(declared) missing numbers are declared" : "") + ".", .good)
            : style.paint("NOT sound: \(what).", .bad)
        return (lines.map(DisplayWidth.harmless) + [verdict]).map { $0 + "\n" }.joined()
    }

    private var signals: [String] {
        report.account.signals.sorted { $0.key < $1.key }.flatMap { name, signal in
            signal.series.values.flatMap { faults($0).map { "\(name.machine) \(name.signal): \($0)" } }
        }
    }

    private func faults(_ series: SeriesAccount) -> [String] {
        var lines = series.holes.prefix(3).map { hole in
            "\(hole.count) missing and not declared: numbers \(hole.first) to \(hole.last) of epoch \(hole.epoch), "
                + "between \(hole.after.plainText) and \(hole.before.plainText)"
        }
        let rest = series.missing - series.holes.prefix(3).reduce(0) { $0 + $1.count }
        if rest > 0 { lines.append("\(rest) more missing and not declared") }
        if series.repeats > 0 { lines.append("\(series.repeats) numbers stored twice") }
        if series.unordered > 0 { lines.append("\(series.unordered) stored after a later one") }
        if series.bareEpochs > 0 { lines.append("a new epoch without a word about what was lost before") }
        return lines
    }
}
