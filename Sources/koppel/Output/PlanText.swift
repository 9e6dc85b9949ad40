internal import KoppelAgent
internal import KoppelCore

/// The plan of a site for people.
struct PlanText {
    let plan: SitePlan
    let style: TerminalStyle

    var text: String {
        plan.buses.filter { !$0.rows.isEmpty }.map { bus in
            style.paint("Bus \(bus.id)", .strong) + ", \(bus.line)\n" + table(bus) + reads(bus) + connection(of: bus)
                + verdict(of: bus) + learned(bus) + "\n"
        }.joined() + unknown + journal
    }

    private func table(_ bus: SitePlan.Bus) -> String {
        var table = TextTable([
            .text("machine"), .number("unit"), .number("every"), .number("signals"), .number("requests"),
            .number("registers"), .number("bits"), .number("time"), .number("load"),
        ])
        for (index, row) in bus.rows.enumerated() {
            table.add([
                row.machine.description, "\(row.unit.rawValue)", interval(row), "\(row.signals)", "\(row.requests)",
                "\(row.registers)", "\(row.bits)", row.time.plainText, row.load.map(percent) ?? "the rest",
            ])
            let isLast = index + 1 == bus.rows.count || bus.rows[index + 1].machine != row.machine
            let ofUnit = bus.rows.filter { $0.machine == row.machine }
            guard isLast, ofUnit.count > 1 else { continue }
            table.add([
                row.machine.description, "\(row.unit.rawValue)", "in all", "\(ofUnit.reduce(0) { $0 + $1.signals })",
                "", "", "", "", percent(ofUnit.reduce(0) { $0 + ($1.load ?? 0) }),
            ])
        }
        return table.rendered(style)
    }

    /// What is asked, in the words of a register list; machines that are asked the same are told once.
    private func reads(_ bus: SitePlan.Bus) -> String {
        var lines: [(first: SitePlan.Row, more: Int)] = []
        for row in bus.rows where !row.reads.isEmpty {
            if let index = lines.firstIndex(where: { $0.first.interval == row.interval && $0.first.reads == row.reads })
            {
                lines[index].more += 1
            } else {
                lines.append((row, 0))
            }
        }
        return lines.map { row, more in
            let name = more == 0 ? "\(row.machine)" : "\(row.machine) and \(more) more"
            return "  \(name), \(interval(row) == "always" ? "" : "every ")\(interval(row)): "
                + "\(row.reads.joined(separator: ", "))\n"
        }.joined()
    }

    /// How many connections the device has to allow.
    private func connection(of bus: SitePlan.Bus) -> String {
        guard let address = bus.connection else { return "" }
        return "  one connection to \(address) for \(PlainText.count(bus.units, "unit"))\n"
    }

    private func interval(_ row: SitePlan.Row) -> String {
        row.interval == .zero ? "always" : row.interval.plainText
    }

    private func learned(_ bus: SitePlan.Bus) -> String {
        bus.learned.map { learned in
            let next = learned.holds == .zero ? "at the next chance" : "in \(learned.holds.plainText)"
            return "  Learned from unit \(learned.unit.rawValue) \(learned.age.plainText) ago: \(learned.fact). It is "
                + "tried again \(next).\n"
        }.joined()
    }

    private var unknown: String {
        guard let problem = plan.learnedProblem else { return "" }
        return style.paint("What the agent learned so far is not in this plan:", .warning)
            + " \(problem). Run this as the user of the agent.\n\n"
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
        lines += (bus.verdict == .tight ? bus.waysOut : []).map { "  What would help: \($0)" }
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
