internal import KoppelAgent
internal import KoppelCore

/// The status of an agent on one screen, for an installer: what is wrong comes first.
struct StatusText {
    let status: StatusDocument

    func rendered(_ style: TerminalStyle) -> String {
        [
            head(style), problems(style), buses(style), units(style), learned(style), destinations(style),
            journal(style),
        ].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func head(_ style: TerminalStyle) -> String {
        let agent = status.agent
        let error = agent.clockErrorMs.map { ", at most \(Duration.milliseconds($0).plainText) off" } ?? ""
        let memory = agent.memoryBytes.map { ", \(PlainText.bytes(Double($0)))" } ?? ""
        return style.paint(DisplayWidth.harmless("agent \(agent.id), koppel \(agent.version)"), .strong) + "\n"
            + "runs for \(age(agent.since)), process \(agent.process)\(memory), "
            + "\(PlainText.count(Int(clamping: agent.logLines), "log line"))\n"
            + "clock \(agent.clock)\(error)\n"
    }

    private func problems(_ style: TerminalStyle) -> String {
        guard !status.problems.isEmpty else { return style.paint("no problems", .good) + "\n" }
        return style.paint(PlainText.count(status.problems.count, "problem"), .bad) + "\n"
            + status.problems.map { "  \(DisplayWidth.harmless($0))\n" }.joined()
    }

    private func buses(_ style: TerminalStyle) -> String {
        var table = TextTable([
            .text("bus"), .text("state"), .text("for"), .number("load"), .number("planned"), .number("failures"),
            .text("url"),
        ])
        for bus in status.buses {
            let isBad = ["closed", "stuck"].contains(bus.state)
            let tone: TerminalStyle.Tone? = bus.state == "open" ? .good : isBad ? .bad : nil
            table.add([
                .init(bus.id), .init(bus.state, tone), .init(bus.since.map(age) ?? "–"),
                .init(bus.load.map(percent) ?? "–"),
                .init(percent(bus.plannedLoad)), .init("\(bus.failures)"), .init(bus.url),
            ])
        }
        return table.rendered(style) + status.buses.map(heard).joined()
    }

    /// What a serial line let hear beside good answers, if anything.
    private func heard(on bus: StatusDocument.Bus) -> String {
        guard let heard = bus.heard else { return "" }
        let counts: [(UInt64, String, String?)] = [
            (heard.foreignFrames, "foreign frame", nil),
            (heard.damaged, "damaged answer", nil), (heard.strayAnswers, "late or double answer", nil),
            (heard.echoes, "echo of our own taken out", "echoes of our own taken out"),
        ]
        let words = counts.filter { $0.0 > 0 }.map { PlainText.count(Int(clamping: $0), $1, plural: $2) }
        return "heard on \(DisplayWidth.harmless(bus.id)): \(words.joined(separator: ", "))\n"
    }

    private func units(_ style: TerminalStyle) -> String {
        let units = status.buses.flatMap { bus in bus.units.map { (bus: bus.id, unit: $0) } }
        guard !units.isEmpty else { return "" }
        var table = TextTable([
            .text("unit"), .text("machine"), .text("state"), .number("answers"), .number("timeouts"),
            .number("exceptions"), .number("refused"), .number("missed"), .number("p50"), .number("p99.9"),
            .number("headroom"), .number("load"),
        ])
        for (bus, unit) in units {
            let tone: TerminalStyle.Tone? = unit.state == "answering" ? .good : unit.state == "waiting" ? nil : .bad
            let state =
                unit.state == "answering" ? unit.state : "\(unit.state)\(unit.since.map { " " + age($0) } ?? "")"
            table.add([
                .init("\(bus)/\(unit.unit)"),
                .init(unit.machines.map { name(of: $0, in: unit) }.joined(separator: " ")), .init(state, tone),
                .init("\(unit.answers)"), .init("\(unit.timeouts)"), .init("\(unit.exceptions)"),
                .init("\(unit.badFrames)"), .init("\(unit.missedSlots)"), .init(milliseconds(unit.medianMs)),
                .init(milliseconds(unit.p999Ms)),
                .init(
                    unit.headroom.map(PlainText.percent) ?? "–",
                    (unit.headroom ?? 1) < StatusDocument.tightHeadroom ? .warning : nil),
                .init(percent(unit.load)),
            ])
        }
        let models = units.compactMap { bus, unit in unit.sunspec.map { "\(bus)/\(unit.unit): \($0)" } }
        return table.rendered(style) + models.map { DisplayWidth.harmless($0) + "\n" }.joined()
    }

    private func name(of machine: String, in unit: StatusDocument.Unit) -> String {
        unit.simulated?.contains(machine) == true ? "\(machine) (simulated)" : machine
    }

    private func learned(_ style: TerminalStyle) -> String {
        guard !status.learned.isEmpty else { return "" }
        var table = TextTable([.text("learned of"), .text("what"), .text("for"), .text("asked again in")])
        for fact in status.learned {
            table.add(["\(fact.bus)/\(fact.unit)", fact.fact, age(fact.since), left(fact.until)])
        }
        return table.rendered(style)
    }

    private func destinations(_ style: TerminalStyle) -> String {
        guard !status.destinations.isEmpty else { return "" }
        var table = TextTable([
            .text("destination"), .text("state"), .text("for"), .number("waiting"), .text("oldest"), .text("catch-up"),
            .text("last refusal"), .text("url"),
        ])
        for one in status.destinations {
            let refusal = one.lastRefusal.map { code in
                "0x\(PlainText.hexByte(code))" + (one.lastRefused.map { ", \(age($0)) ago" } ?? "")
            }
            table.add([
                .init(one.id), .init(one.state, one.state == "connected" ? .good : .bad),
                .init(one.since.map(age) ?? "–"), .init(one.backlog.map { "\($0)" } ?? "–"),
                .init(one.oldest.map { "\(age($0)) ago" } ?? "–"),
                .init(one.catchUpSeconds.map { Duration.seconds($0).plainText } ?? "–"), .init(refusal ?? "–"),
                .init(one.url),
            ])
        }
        return table.rendered(style)
    }

    private func journal(_ style: TerminalStyle) -> String {
        guard let journal = status.journal else { return "journal not counted yet\n" }
        let pace = journal.readingsPerSecond.map { ", \(PlainText.oneDecimal($0)) readings/s" } ?? ""
        let hours = journal.hoursLeft.map { "; room for \(Duration.seconds($0 * 3_600).plainText) at this rate" } ?? ""
        let dropped = journal.dropped > 0 ? "; \(journal.dropped) readings dropped undelivered" : ""
        return "journal \(PlainText.bytes(Double(journal.bytes))) of \(PlainText.bytes(Double(journal.limitBytes)))"
            + pace + hours + wear(journal) + dropped + "\n"
    }

    private func wear(_ journal: StatusDocument.Journal) -> String {
        guard let perReading = journal.writtenBytesPerReading, let perDay = journal.writtenBytesPerDay else {
            return ""
        }
        return "; writes \(PlainText.bytes(perReading)) a reading, \(PlainText.bytes(perDay)) a day"
    }

    // MARK: Words

    private func age(_ moment: Moment) -> String {
        let nanoseconds = status.now.timestamp.nanoseconds - moment.timestamp.nanoseconds
        return Duration.seconds(max(0, (Double(nanoseconds) / 1e9).rounded())).plainText
    }

    private func left(_ moment: Moment) -> String {
        let nanoseconds = moment.timestamp.nanoseconds - status.now.timestamp.nanoseconds
        return Duration.seconds(max(0, (Double(nanoseconds) / 1e9).rounded())).plainText
    }

    private func percent(_ part: Double) -> String { "\(PlainText.oneDecimal(part * 100)) %" }

    private func milliseconds(_ number: Double?) -> String {
        number.map { Duration.milliseconds($0).plainText } ?? "–"
    }
}

extension Duration {
    static func milliseconds(_ number: Double) -> Duration { .seconds(number / 1_000) }
}

extension PlainText {
    /// `12.3`, and `12` for whole numbers.
    static func oneDecimal(_ number: Double) -> String {
        let rounded = (number * 10).rounded() / 10
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    /// `0A`
    static func hexByte(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
