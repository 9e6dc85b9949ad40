internal import KoppelAgent
internal import KoppelCore

/// The plan of a site for people.
struct PlanText {
    let plan: SitePlan
    let style: TerminalStyle

    var text: String {
        plan.buses.map { bus in
            style.paint("Bus \(bus.id)", .strong) + "\n" + table(bus) + verdict(of: bus) + "\n"
        }.joined() + journal
    }

    private func table(_ bus: SitePlan.Bus) -> String {
        var table = TextTable([
            .text("machine"), .number("unit"), .number("every"), .number("signals"), .number("requests"),
            .number("registers"), .number("bits"), .number("time"), .number("load"),
        ])
        for row in bus.rows {
            table.add([
                row.machine.description, "\(row.unit.rawValue)",
                row.interval == .zero ? "always" : row.interval.plainText, "\(row.signals)", "\(row.requests)",
                "\(row.registers)", "\(row.bits)", row.time.plainText, row.load.map(percent) ?? "the rest",
            ])
        }
        return table.rendered(style)
    }

    /// Whether it fits, what is assumed, and what would help.
    func verdict(of bus: SitePlan.Bus) -> String {
        let tone: TerminalStyle.Tone =
            switch bus.verdict {
            case .fits: .good
            case .tight, .mayNotFit: .warning
            case .doesNotFit: .bad
            }
        var lines = [
            "Bus \(bus.id): \(style.paint(bus.verdict.rawValue, tone)), load \(percent(bus.load)); everything at once is "
                + "\(PlainText.count(bus.fullSweepRequests, "request")) in \(bus.fullSweepTime.plainText)"
                + (bus.isEstimate ? " (answer times are assumed)" : "")
        ]
        if let note = bus.note { lines.append("  \(note)") }
        lines += bus.waysOut.map { "  What would help: \($0)" }
        lines += bus.problems.map { "  \(style.paint("Can never be read:", .bad)) \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private var journal: String {
        let journal = plan.journal
        let bytes = range(journal.leastBytesPerDay, journal.mostBytesPerDay, PlainText.bytes)
        let hours =
            switch (journal.leastHours, journal.mostHours) {
            case (let least?, let most?): range(least, most) { Duration.seconds($0 * 3_600).plainText }
            default: "as long as you like"
            }
        return "Journal: \(bytes) a day, which it holds for \(hours) without a destination "
            + "(assumed: \(Int(SitePlan.bytesPerReading)) bytes a reading; the range is from nothing changing to "
            + "everything changing)\n\n"
    }

    private func range(_ least: Double, _ most: Double, _ text: (Double) -> String) -> String {
        let (low, high) = (text(least), text(most))
        return low == high ? low : "\(low) to \(high)"
    }

    private func percent(_ part: Double) -> String { PlainText.percent(part) }
}
