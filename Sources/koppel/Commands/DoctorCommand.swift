internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// What is wrong with a bus.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Finds out why a bus is silent or noisy, and says what to do.",
        discussion: """
            Listens first, then asks the unit. If it is silent and nobody else uses the bus: asks in the other \
            framing, asks other units, tries other rates and formats. Only reading, one register at a time, with a \
            limit that is told before. A serial port serves one master at a time: stop the agent first. Ends with 0 \
            if all is well and with 1 if something was found.

            Example: koppel doctor --bus "rtu:/dev/ttyUSB0?baud=9600&format=8N1" --unit 1
            """)

    @OptionGroup var bus: BusOptions

    @Option(help: ArgumentHelp("The unit that should answer.", valueName: "id"))
    var unit: UInt8 = 1

    @Option(help: ArgumentHelp("Whom to ask if it is silent: 1-16; at most 32.", valueName: "units"))
    var sweep = UnitList((1...16).map { UnitID($0) })

    @Option(help: ArgumentHelp("How long to listen first, in milliseconds, 100 to 60000.", valueName: "ms"))
    var listen = 1_500

    @Flag(help: "Tell how many requests and how much time it takes at most, and stop.")
    var preview = false

    @Flag(help: "Write one JSON document.")
    var json = false

    private struct Document: Encodable {
        struct Finding: Encodable {
            var cause: String
            var certainty: String
            var evidence: String
            var advice: String
        }

        var bus: String
        var unit: UInt8
        var requests: Int
        var findings: [Finding]
    }

    func validate() throws {
        guard (100...60_000).contains(listen) else { throw ValidationError("--listen is 100 to 60000 milliseconds.") }
        guard sweep.units.count <= 32 else { throw ValidationError("--sweep takes at most 32 units.") }
    }

    func run() async throws {
        CommandStart.begin()
        let settings = try bus.load(timeout: .milliseconds(600))
        let examination = BusExamination(
            bus: settings,
            options: .init(
                unit: UnitID(unit), sweep: sweep.units, listening: .milliseconds(listen), timeout: settings.timeout))
        let most = examination.preview
        let sentence =
            "At most \(PlainText.count(most.requests, "request")) in \(most.time.plainText) of bus time. Only reading."
        if preview { return try Streams.write(sentence + "\n") }
        if !json { Streams.tell(sentence) }
        let seen = await examination.run { Progress.step($0) }
        Progress.endSteps()
        let findings = BusDiagnosis(seen).findings
        try Streams.write(json ? JSONDocument.text(document(seen, findings)) : text(seen, findings))
        guard findings.contains(where: { $0.cause == .healthy }) else { throw ExitStatus.no }
    }

    private func text(_ seen: BusObservations, _ findings: [BusFinding]) -> String {
        let style = TerminalStyle.current()
        return findings.map { finding in
            let tone: TerminalStyle.Tone =
                finding.cause == .healthy ? .good : finding.certainty == .possible ? .warning : .bad
            let title = finding.cause.rawValue.replacing("-", with: " ")
            let certainty = finding.cause == .healthy ? "" : " (\(finding.certainty.name))"
            return style.paint(title, tone) + certainty + "\n  Seen: \(DisplayWidth.harmless(finding.evidence))."
                + "\n  Do:   \(DisplayWidth.harmless(finding.advice)).\n"
        }.joined() + "\(PlainText.count(seen.requests, "request")) asked\n"
    }

    private func document(_ seen: BusObservations, _ findings: [BusFinding]) -> Document {
        Document(
            bus: bus.bus, unit: unit, requests: seen.requests,
            findings: findings.map {
                .init(
                    cause: $0.cause.rawValue, certainty: $0.certainty.name, evidence: $0.evidence, advice: $0.advice)
            })
    }
}
