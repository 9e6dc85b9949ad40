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
            each change, and with --json a line of JSON for each machine and round. Where the profile says what a machine's state \
            is taken from, the state is shown too. Ends with 1 if a read failed and \
            with 69 if a bus could not be opened.

            Example: koppel read --bus tcp://192.168.1.40:502 --unit 1 --profile eastron/sdm630-v2
            """)

    @OptionGroup var machines: MachineOptions

    @Option(
        help: ArgumentHelp(
            "Without a site file: 2 for the second of several SunSpec devices behind the unit id.",
            valueName: "number"))
    var device: Int?

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
        /// What the device refuses although all signals could be read; only if there is something.
        var remarks: [String]?
        /// Only where the profile has the device asked for them.
        var sunspec: ModelChain?
        /// Only where the profile says what the state is taken from.
        var state: StateDocument?
        var signals: [SignalDocument]
    }

    /// What is kept from one round to the next.
    private struct Rounds {
        let clock: WallClock
        var round: ReadRound
        var states = StateReader()
        /// What the machines refused.
        var known: [Identifier: LiveReader.Known] = [:]
    }

    func validate() throws {
        guard device == nil || machines.config == nil else {
            throw ValidationError("With --config the machine itself says which device it is: sunspec: {device: 2}.")
        }
    }

    func run() async throws {
        CommandStart.begin()
        let clock = WallClock.system()
        let meant = try machines.load(device: device)
        var probes: [RegisterProbe] = []
        var unopened = 0
        for bus in meant.buses where meant.machines.contains(where: { $0.bus == bus.id }) {
            do throws(BusError) {
                let probe = try RegisterProbe(bus: bus, clock: clock)
                try await probe.open()
                probes.append(probe)
            } catch {
                Streams.complain(error.plainText)
                unopened += 1
            }
        }
        var rounds = Rounds(clock: clock, round: ReadRound(isOnTerminal: watch && TerminalStyle.isTerminal))
        repeat {
            try await readAll(probes, meant.machines, &rounds)
            // Cancelled means Ctrl-C, which ends the process.
            if watch { try await ContinuousClock().sleep(for: .seconds(1)) }
        } while watch && !probes.isEmpty
        for probe in probes { await probe.close() }
        if unopened > 0 { throw ExitStatus.unavailable }
        if rounds.round.hasFailed { throw ExitStatus.no }
    }

    private func readAll(
        _ probes: [RegisterProbe], _ machines: [MachineSettings], _ rounds: inout Rounds
    ) async throws {
        var documents: [Document] = []
        var page = ""
        let style = TerminalStyle.current()
        rounds.round.hasFailed = false
        for probe in probes {
            let reader = LiveReader(probe)
            for machine in machines where machine.bus == probe.bus.id {
                let known = rounds.known[machine.id] ?? LiveReader.Known()
                let now = await Progress.during("Reading \(machine.id)") { await reader.read(machine, known: known) }
                rounds.known[machine.id] = now.known
                if !now.failures.isEmpty { rounds.round.hasFailed = true }
                let time = rounds.clock.now
                let state = rounds.states.state(of: machine, from: now.signals, at: time)
                let shown = now.signals.filter { raw || !$0.isHelper }
                if json {
                    var document = document(machine, now, shown, state)
                    if watch { document.time = time.plainText }
                    documents.append(document)
                } else if watch, !rounds.round.isOnTerminal {
                    try Streams.write(
                        rounds.round.changes(
                            machine.id, shown, state: state, failures: now.failures, isRaw: raw, at: time))
                } else {
                    page += text(machine, now, shown, state, style)
                    var failures = now.failures
                    if now.isOtherDevice, let models = now.models { failures += [advice(models)].compactMap(\.self) }
                    // On a refreshed screen a complaint has its place under the machine it is about.
                    for failure in failures + now.remarks {
                        if rounds.round.isOnTerminal {
                            page += style.paint(failure, .bad) + "\n"
                        } else {
                            Streams.complain("\(machine.id): \(failure)")
                        }
                    }
                }
            }
        }
        switch (json, watch) {
        case (true, true): for document in documents { try Streams.write(JSONDocument.line(document)) }
        case (true, false): try Streams.write(JSONDocument.text(documents))
        case (false, _) where !page.isEmpty:
            try Streams.write(rounds.round.isOnTerminal ? rounds.round.screen(page) : page)
        default: break
        }
    }

    /// Which profiles of the library read a device with these models; `nil` if none does.
    private func advice(_ models: ModelChain) -> String? {
        let fitting = ProfileFit.ranked(machines.profiles.fits().compactMap { $0.verdict(models) }).map(\.profile)
        guard !fitting.isEmpty else { return nil }
        return "for these models the library has \(fitting.joined(separator: ", "))"
    }

    private func document(
        _ machine: MachineSettings, _ now: LiveReader.MachineNow, _ shown: [LiveReader.SignalNow],
        _ state: StateReader.StateNow?
    ) -> Document {
        Document(
            machine: machine.id.description, bus: machine.bus.description, unit: machine.unit.rawValue,
            requests: now.requests, failures: now.failures,
            remarks: now.remarks.isEmpty ? nil : now.remarks, sunspec: now.models,
            state: state.map(StateDocument.init),
            signals: shown.map {
                SignalDocument(
                    signal: $0.point.signal, unit: $0.point.unit, decoded: $0.decoded,
                    measured: .init(words: $0.words, elapsed: $0.elapsed))
            })
    }

    private func text(
        _ machine: MachineSettings, _ now: LiveReader.MachineNow, _ shown: [LiveReader.SignalNow],
        _ state: StateReader.StateNow?, _ style: TerminalStyle
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
        let told = state.map { "state: " + style.paint(DisplayWidth.harmless($0.plainText), $0.tone) + "\n" } ?? ""
        let models = now.models.map { "\($0)\n" } ?? ""
        return style.paint(DisplayWidth.harmless(title), .strong) + "\n" + models + told + table.rendered(style) + "\n"
    }
}
