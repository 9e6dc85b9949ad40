internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// What machines say now, over the real link.
struct ReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Reads machines now and shows what they say.",
        discussion: """
            Uses the planner and decoder of the agent, and nothing is stored or sent. A serial port serves one master \
            at a time: stop the agent first. With --watch the table is refreshed in place; piped, there is a line for \
            each change, and with --json a line of JSON for each machine and round. Ends with 1 if a read failed and \
            with 69 if a bus could not be opened.

            Example: koppel read --bus tcp://192.168.1.40:502 --unit 1 --profile eastron/sdm630-v2
            """)

    @OptionGroup var machines: MachineOptions

    @Flag(help: "Show table, address and raw words in hex and decimal, and the helper registers too.")
    var raw = false

    @Flag(help: "Read again every second, until Ctrl-C.")
    var watch = false

    @Flag(help: "Write one JSON document, or with --watch one line of JSON for each machine and round.")
    var json = false

    private struct Document: Encodable {
        /// When it was read, ISO 8601; only with --watch.
        var time: String?
        var machine: String
        var bus: String
        var unit: UInt8
        var requests: Int
        var failures: [String]
        var signals: [SignalDocument]
    }

    func run() async throws {
        CommandStart.begin()
        let meant = try machines.load()
        var readers: [(bus: BusSettings, reader: LiveReader)] = []
        var unopened = 0
        for bus in meant.buses where meant.machines.contains(where: { $0.bus == bus.id }) {
            do throws(BusError) {
                let reader = try LiveReader(bus: bus)
                try await reader.open()
                readers.append((bus, reader))
            } catch {
                Streams.complain(error.plainText)
                unopened += 1
            }
        }
        var round = ReadRound(isOnTerminal: watch && TerminalStyle.isTerminal)
        repeat {
            try await readAll(readers, meant.machines, &round)
            // Cancelled means Ctrl-C, which ends the process.
            if watch { try await ContinuousClock().sleep(for: .seconds(1)) }
        } while watch && !readers.isEmpty
        for (_, reader) in readers { await reader.close() }
        if unopened > 0 { throw ExitStatus.unavailable }
        if round.hasFailed { throw ExitStatus.no }
    }

    private func readAll(
        _ readers: [(bus: BusSettings, reader: LiveReader)], _ machines: [MachineSettings], _ round: inout ReadRound
    ) async throws {
        var documents: [Document] = []
        var page = ""
        let style = TerminalStyle.current()
        round.hasFailed = false
        for (bus, reader) in readers {
            for machine in machines where machine.bus == bus.id {
                let now = await Progress.during("Reading \(machine.id)") { await reader.read(machine) }
                if !now.failures.isEmpty { round.hasFailed = true }
                let shown = now.signals.filter { raw || !$0.isHelper }
                if json {
                    var document = document(machine, now, shown)
                    if watch { document.time = WallClock.system().now.plainText }
                    documents.append(document)
                } else if watch, !round.isOnTerminal {
                    try Streams.write(round.changes(machine.id, shown, failures: now.failures, isRaw: raw))
                } else {
                    page += text(machine, now, shown, style)
                    // On a refreshed screen a complaint has its place under the machine it is about.
                    for failure in now.failures where round.isOnTerminal { page += style.paint(failure, .bad) + "\n" }
                    for failure in now.failures where !round.isOnTerminal {
                        Streams.complain("\(machine.id): \(failure)")
                    }
                }
            }
        }
        switch (json, watch) {
        case (true, true): for document in documents { try Streams.write(JSONDocument.line(document)) }
        case (true, false): try Streams.write(JSONDocument.text(documents))
        case (false, _) where !page.isEmpty: try Streams.write(round.isOnTerminal ? round.screen(page) : page)
        default: break
        }
    }

    private func document(
        _ machine: MachineSettings, _ now: LiveReader.MachineNow, _ shown: [LiveReader.SignalNow]
    ) -> Document {
        Document(
            machine: machine.id.description, bus: machine.bus.description, unit: machine.unit.rawValue,
            requests: now.requests, failures: now.failures,
            signals: shown.map {
                SignalDocument(
                    signal: $0.point.signal, unit: $0.point.unit, decoded: $0.decoded,
                    measured: .init(words: $0.words, elapsed: $0.elapsed))
            })
    }

    private func text(
        _ machine: MachineSettings, _ now: LiveReader.MachineNow, _ shown: [LiveReader.SignalNow],
        _ style: TerminalStyle
    ) -> String {
        var table = TextTable(
            [.text("signal")] + (raw ? [.text("table"), .number("address"), .text("words"), .text("decimal")] : [])
                + SignalCells.columns + [.number("response")])
        for signal in shown {
            let point = signal.point
            let place: [TextTable.Cell] =
                raw
                ? [
                    .init(point.table.name), .init("\(point.address)"),
                    .init(PlainText.words(signal.words, of: point.table)),
                    .init(signal.words.map(String.init).joined(separator: " ")),
                ] : []
            table.add(
                [.init(point.signal.description)] + place + SignalCells.cells(signal.decoded, point)
                    + [.init(signal.elapsed?.plainText ?? "–")])
        }
        let title =
            "\(machine.id), unit \(machine.unit.rawValue) on bus \(machine.bus): \(machine.profile.manufacturer) "
            + "\(machine.profile.model), \(PlainText.count(now.requests, "request"))"
        return style.paint(DisplayWidth.harmless(title), .strong) + "\n" + table.rendered(style) + "\n"
    }
}
