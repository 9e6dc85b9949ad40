/// What the demo shows: a live table on a terminal, and a line every five seconds elsewhere.
struct DemoScreen {
    /// One telling handful of signals, so that the table fits on a screen.
    static let signals = [
        DemoBoard.state, "electrical/active-power", "electrical/voltage-l1", "electrical/voltage",
        "electrical/frequency",
        "electrical/active-energy-import", "status/robot-mode", "joints/base-position", "tool/x",
        "electrical/arm-current",
    ]

    let style: TerminalStyle
    let board: DemoBoard

    /// Draws until the task is cancelled.
    func run() async {
        let isTerminal = style.width != nil
        let pause: Duration = isTerminal ? .milliseconds(500) : .seconds(5)
        var drawn = 0
        while !Task.isCancelled {
            do { try await ContinuousClock().sleep(for: pause) } catch { return }
            let counts = await board.counts
            let head =
                "\(counts.readings) readings of \(counts.machines.count) machines arrived in \(counts.batches) batches, "
                + "\(counts.values) live values"
            var text = ""
            if isTerminal {
                let table = await table()
                text = (drawn > 0 ? "\u{1B}[\(drawn)A" : "") + "\u{1B}[J" + head + "\n\n" + table
                drawn = text.count { $0 == "\n" }
            } else {
                text = head + "\n"
            }
            // A reader that has gone does not end the demo; its time or Ctrl-C does.
            do { try Streams.write(text) } catch { continue }
        }
    }

    private func table() async -> String {
        var table = TextTable([
            .text("machine"), .text("signal"), .number("value"), .text("unit"), .text("quality"), .number("age"),
        ])
        for row in await board.rows(Self.signals) {
            let age = row.arrived.duration(to: .now)
            let tone: TerminalStyle.Tone? =
                row.quality.hasPrefix("good") ? .good : row.quality.hasPrefix("bad") ? .bad : .warning
            table.add([
                TextTable.Cell(row.machine), TextTable.Cell(row.signal), TextTable.Cell(row.value, .strong),
                TextTable.Cell(row.unit), TextTable.Cell(row.quality, tone),
                TextTable.Cell("\(age.components.seconds) s", .faint),
            ])
        }
        return table.rendered(style)
    }
}
