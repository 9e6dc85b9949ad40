internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// Who is on a bus.
struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Finds the units that answer on a bus, and the profiles that look right for them.",
        discussion: """
            Tells first how much bus time it takes. Each unit is asked for one register; a refusal is an answer too. \
            It never writes. A serial port serves one master at a time: stop the agent first. On a bus that others use \
            give --share 10, and it takes a tenth of the bus time. Ends with 1 if nobody answers and with 69 if the \
            bus could not be opened.

            Example: koppel scan --bus "rtu:/dev/ttyUSB0" --units 1-10 --bauds 9600,19200 --formats 8N1,8E1
            """)

    @OptionGroup var bus: BusOptions

    @Option(help: ArgumentHelp("Whom to ask: 1-32, or 1,3,10-12.", valueName: "units"))
    var units = UnitList((1...32).map { UnitID($0) })

    @Option(help: ArgumentHelp("Serial lines: the rates to try, in place of the url's.", valueName: "rates"))
    var bauds: RateList?

    @Option(help: ArgumentHelp("Serial lines: the formats to try, in place of the url's.", valueName: "formats"))
    var formats: FormatList?

    @Option(help: ArgumentHelp("The part of the bus time to take, 1 to 100.", valueName: "percent"))
    var share = 100

    @Flag(inversion: .prefixedNo, help: "Look whose profile fits the units that answer.")
    var fits = true

    @Flag(help: "Tell how much bus time it takes, and stop.")
    var preview = false

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    func validate() throws {
        guard (1...100).contains(share) else { throw ValidationError("--share is 1 to 100 percent.") }
    }

    func run() async throws {
        CommandStart.begin()
        let settings = try bus.load(timeout: .milliseconds(300))
        let lines = try lines(of: settings)
        let part = Double(share) / 100
        let previews = lines.map { UnitScan.preview(bus: $0, units: units.units.count, share: part) }
        let text = ScanText(bus: bus.bus, style: .current())
        if preview || !json {
            let sentence = text.preview(previews, share: share)
            if preview { return try Streams.write(sentence) }
            Streams.tell(sentence.trimmed)
        }
        let known = fits ? profiles.fits() : []
        var results: [(bus: BusSettings, outcome: UnitScan.Outcome)] = []
        for line in lines {
            let probe = try await RegisterProbe.opened(line)
            let scan = UnitScan(probe: probe, units: units.units, share: part, profiles: known)
            let count = units.units.count
            let name = lines.count > 1 ? ", \(line.endpoint.lineText)" : ""
            let outcome = try await scan.run { place, unit in
                Progress.step("unit \(unit.rawValue), \(place + 1) of \(count)\(name)")
            }
            Progress.endSteps()
            await probe.close()
            if let end = outcome.end { Streams.complain(end.plainText) }
            results.append((line, outcome))
        }
        try Streams.write(json ? JSONDocument.text(text.document(results, previews)) : text.text(results))
        if results.contains(where: { $0.outcome.end != nil }) { throw ExitStatus.unavailable }
        guard results.contains(where: { !$0.outcome.answers.isEmpty }) else { throw ExitStatus.no }
    }

    /// The bus, once for each rate and format asked for.
    private func lines(of settings: BusSettings) throws -> [BusSettings] {
        guard case .rtu(let device, let line) = settings.endpoint else {
            guard bauds == nil, formats == nil else {
                throw ValidationError("--bauds and --formats are for serial lines.")
            }
            return [settings]
        }
        return (bauds?.rates ?? [line.baud]).flatMap { baud in
            (formats?.formats ?? [line]).map { format in
                var settings = settings
                var wanted = line
                (wanted.baud, wanted.parity, wanted.stopBits) = (baud, format.parity, format.stopBits)
                settings.endpoint = .rtu(device: device, line: wanted)
                return settings
            }
        }
    }
}
