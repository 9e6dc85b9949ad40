internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// Readings and gaps of the journal as lines of text.
///
/// The columns of CSV, which are also the keys of JSON lines (where what does not apply is left out):
///
/// | Column | What |
/// |---|---|
/// | `kind` | `reading` or `gap` |
/// | `time` | when it was read, UTC with nine fraction digits; of a gap, when the first missing reading was due |
/// | `to` | of a gap, when the last missing reading was due |
/// | `machine`, `signal` | as in the site file |
/// | `value` | empty (`null` in JSON) where the quality is bad |
/// | `quality` | `good`, `uncertain` or `bad` |
/// | `reason` | why the quality is not good; of a gap, why readings are missing |
/// | `statusCode` | the OPC UA status code |
/// | `lost` | of a gap, how many readings are missing |
/// | `epoch`, `seq` | the number of the reading, as receivers get it |
/// | `rev` | the revision of the machine's descriptor |
/// | `clock` | whether the clock could be trusted: `synchronised`, `holdover`, `unsynchronised` |
/// | `position` | the place of its record in the journal |
struct JournalLines {
    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, jsonl }

    static let columns = [
        "kind", "time", "to", "machine", "signal", "value", "quality", "reason", "statusCode", "lost", "epoch", "seq",
        "rev", "clock", "position",
    ]

    let format: Format

    /// What stands above the lines.
    var header: String { format == .csv ? Self.columns.joined(separator: ",") + "\n" : "" }

    func line(_ entry: JournalEntry) -> String {
        switch format {
        case .csv: csv(entry)
        case .jsonl: json(entry)
        }
    }

    private func csv(_ entry: JournalEntry) -> String {
        let own: [String]
        let end = ["\(entry.rev)", entry.clock.name, "\(entry.position.rawValue)"]
        switch entry.what {
        case .reading(let reading):
            own =
                ["reading", reading.time.fullText, "", entry.machine, entry.signal, quoted(reading.value)]
                + [
                    reading.condition.quality.name, reading.condition.reason ?? "", "\(reading.condition.statusCode)",
                    "",
                    "\(entry.epoch)", "\(reading.seq)",
                ]
        case .gap(let gap):
            own = [
                "gap", gap.from.fullText, gap.to.fullText, entry.machine, entry.signal, "", "", gap.reason.name, "",
                "\(gap.lost)", "\(entry.epoch)", "",
            ]
        }
        return (own + end).joined(separator: ",") + "\n"
    }

    /// As RFC 4180 asks for it.
    private func quoted(_ value: Value?) -> String {
        guard let text = value?.plainText else { return "" }
        guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private func json(_ entry: JournalEntry) -> String {
        let names = "\"machine\":\"\(entry.machine)\",\"signal\":\"\(entry.signal)\""
        let end =
            "\"epoch\":\(entry.epoch),\"rev\":\(entry.rev),\"clock\":\"\(entry.clock.name)\""
            + ",\"position\":\(entry.position.rawValue)}\n"
        switch entry.what {
        case .reading(let reading):
            let reason = reading.condition.reason.map { "\"reason\":\"\($0)\"," } ?? ""
            return "{\"kind\":\"reading\",\"time\":\"\(reading.time.fullText)\",\(names),"
                + "\"value\":\(json(reading.value)),\"quality\":\"\(reading.condition.quality.name)\",\(reason)"
                + "\"statusCode\":\(reading.condition.statusCode),\"seq\":\(reading.seq),\(end)"
        case .gap(let gap):
            return "{\"kind\":\"gap\",\"time\":\"\(gap.from.fullText)\",\"to\":\"\(gap.to.fullText)\",\(names),"
                + "\"reason\":\"\(gap.reason.name)\",\"lost\":\(gap.lost),\(end)"
        }
    }

    private func json(_ value: Value?) -> String {
        guard let value else { return "null" }
        guard case .text(let text) = value else { return value.plainText }
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}
