internal import KoppelAgent
internal import KoppelCore

/// What an independent receiver found, for people.
struct VerifyText {
    /// So many holes of a signal are listed; the others are counted.
    static let listedHoles = 5

    let account: ReceptionAccount
    let broker: String
    let topic: String
    let elapsed: Duration

    /// One row: a series of a signal.
    struct Row {
        var machine: String
        var name: ReceptionAccount.Name
        var aggregate: String
        var series: SeriesAccount
        var declared: [SignalAccount.Declared]

        var title: String { aggregate.isEmpty ? name.signal : "\(name.signal) (\(aggregate))" }
    }

    var rows: [Row] {
        account.signals.sorted { $0.key < $1.key }.flatMap { name, signal in
            signal.series.sorted { $0.key < $1.key }.map { aggregate, series in
                Row(
                    machine: account.labels[name.machine] ?? name.machine, name: name, aggregate: aggregate,
                    series: series, declared: signal.declared)
            }
        }
    }

    func rendered(_ style: TerminalStyle) -> String {
        let rows = rows
        var table = TextTable([
            .text("machine"), .text("signal"), .number("readings"), .number("bad"), .number("repeats"),
            .text("from"), .text("to"), .text("verdict"),
        ])
        for row in rows {
            let series = row.series
            table.add([
                .init(row.machine), .init(row.title), .init("\(series.readings)"), .init("\(series.bad)"),
                .init("\(series.repeats)"), .init(series.from?.plainText ?? "–"), .init(series.to?.plainText ?? "–"),
                series.isSound
                    ? .init(row.declared.isEmpty ? "complete" : "complete but for what was declared", .good)
                    : .init("NOT complete", .bad),
            ])
        }
        let lines = rows.flatMap(notes) + others
        let text = lines.isEmpty ? "" : "\n" + lines.map { DisplayWidth.harmless($0) + "\n" }.joined()
        return (rows.isEmpty ? "" : table.rendered(style)) + text + "\n"
            + style.paint(sentence, isComplete ? .good : .bad) + "\n"
    }

    // MARK: What is to be said of a signal

    private func notes(_ row: Row) -> [String] {
        let name = "\(row.machine) \(row.title)"
        return row.declared.map { declared in
            "\(name): declared missing, \(declared.reason): \(count(declared.lost, "reading"))"
                + " from \(declared.from.plainText) to \(declared.to.plainText)"
        } + holes(row).map { "\(name): \($0)" } + faults(row).map { "\(name): \($0)" }
    }

    private func holes(_ row: Row) -> [String] {
        var lines = row.series.holes.prefix(Self.listedHoles).map { hole in
            let numbers = hole.count == 1 ? "number \(hole.first)" : "numbers \(hole.first) to \(hole.last)"
            return
                "\(count(hole.count, "reading")) missing and not declared: \(numbers) of epoch \(hole.epoch), between"
                + " \(hole.after.plainText) and \(hole.before.plainText)"
        }
        let rest = row.series.missing - row.series.holes.prefix(Self.listedHoles).reduce(0) { $0 + $1.count }
        if rest > 0 { lines.append("\(rest) more missing and not declared") }
        return lines
    }

    private func faults(_ row: Row) -> [String] {
        let series = row.series
        var lines: [String] = []
        if series.conflicts > 0 {
            lines.append("\(count(series.conflicts, "number")) came twice with different contents")
        }
        if series.unordered > 0 { lines.append("\(count(series.unordered, "reading")) came after a later one") }
        if series.bareEpochs > 0 {
            lines.append(
                "the numbers began again \(count(series.bareEpochs, "time")) and nothing says what was lost before")
        }
        return lines
    }

    // MARK: What is to be said of the rest

    private var others: [String] {
        var lines = account.agents.sorted { $0.key < $1.key }.compactMap { topic, agent -> String? in
            guard !agent.isOnline || agent.departures > 0 else { return nil }
            return
                "\(topic): \(agent.isOnline ? "online" : "OFFLINE"), was seen to go \(count(agent.departures, "time"))"
        }
        if let (topic, reason) = account.firstUnreadable {
            lines.append(
                "\(count(account.unreadable, "batch", "batches")) could not be read, first on \(topic): \(reason)")
        }
        if account.unaccounted > 0 { lines.append("\(account.unaccounted) readings of more signals than fit here") }
        if account.absences > 0 {
            lines.append(
                "This receiver was away \(count(account.absences, "time")) and the broker kept nothing for it: what is"
                    + " missing then may be its own loss")
        }
        if account.foreign > 0 { lines.append("\(count(account.foreign, "message")) without our data model, ignored") }
        return lines
    }

    var isComplete: Bool { account.isSound && account.readings > 0 }

    private var sentence: String {
        let what =
            "\(count(account.readings, "reading")) of \(count(UInt64(rows.count), "signal")) in \(elapsed.plainText)"
        guard account.readings > 0 else {
            return "Nothing to judge: no batch came on '\(topic)' at \(broker) in \(elapsed.plainText)."
        }
        let from = rows.compactMap(\.series.from).min()?.plainText ?? ""
        let to = rows.compactMap(\.series.to).max()?.plainText ?? ""
        let isDeclared = rows.contains { !$0.declared.isEmpty }
        return isComplete
            ? "Complete from \(from) to \(to): \(what), \(isDeclared ? "and what is missing was declared" : "nothing missing")."
            : "NOT complete from \(from) to \(to): \(what), \(account.missing) missing and not declared."
    }

    private func count(_ number: UInt64, _ noun: String, _ plural: String? = nil) -> String {
        PlainText.count(Int(clamping: number), noun, plural: plural)
    }
}
