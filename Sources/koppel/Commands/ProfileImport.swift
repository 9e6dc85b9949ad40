internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

struct ProfileImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Makes a profile of a spreadsheet, or of the configuration of another program.",
        discussion: """
            Reads CSV, WoT Thing Descriptions with the Modbus binding, Telegraf (inputs.modbus) and Home Assistant \
            (modbus:). The profile goes to standard output or to --output; what could not be carried over, with line \
            and reason, to standard error. What a spreadsheet looks like is shown and must be confirmed: at a \
            terminal by answering, else with --columns, --addressing, --word-order, --table and --type. The profile passes \
            koppel profile check, but nothing of it was tried on a device. Ends with 1 if nothing could be carried \
            over.

            Example: koppel profile import telegraf.conf --device press/3 --manufacturer Acme --model P100
            """)

    @Argument(help: "The file: .csv, .json, .toml, .conf or .yaml.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "What the file is, if its name does not tell: \(ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "format"))
    var from: ImportFormat?

    @Option(help: ArgumentHelp("Which device of the file; without it they are listed.", valueName: "name"))
    var device: String?

    @Option(help: ArgumentHelp("The manufacturer, as on the nameplate.", valueName: "text"))
    var manufacturer: String?

    @Option(help: ArgumentHelp("The model, as on the nameplate.", valueName: "text"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The unit of a value for which the file has none: voltage=V, or with what one count is worth: \"energy=0.1 kWh\". Repeatable.",
            valueName: "name=unit"))
    var measures: [GivenMeasure] = []

    @OptionGroup var sheet: SheetOptions

    @Option(help: ArgumentHelp("Write the profile to this file.", valueName: "file"))
    var output: String?

    @Flag(help: "Replace the file if it is there.")
    var force = false

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        CommandStart.begin()
        let device = try measured(try found())
        let settled = SettledImport(
            device, nameplate: SettledImport.Nameplate(manufacturer: manufacturer, model: model))
        if json {
            try Streams.write(JSONDocument.text(ImportDocument(device, settled)))
        } else {
            Streams.tell(issues: settled.issues.sayingEachHintOnce)
        }
        guard let profile = settled.file else {
            Streams.complain("nothing of \(file) could be carried over")
            throw ExitStatus.no
        }
        if let output {
            try ProfileFiles.write(profile.text, to: output, replacing: force)
        } else if !json {
            try Streams.write(profile.text)
        }
        tell(device, settled)
    }

    /// What to say at the end: how much there is, and what to do next.
    private func tell(_ device: ImportedDevice, _ settled: SettledImport) {
        let count = PlainText.count(settled.carriedOver, "point")
        Streams.tell("\(count) carried over, \(settled.leftOut) left out")
        if manufacturer == nil, device.manufacturer == nil {
            Streams.tell("The file does not say who made it: give --manufacturer and --model")
        }
        if let bus = device.bus {
            Streams.tell("For the site file: url: \(bus), unit: \(device.unit ?? 1)")
        }
        let path = output ?? "FILE"
        Streams.tell(
            "Next: koppel profile check \(path), then compare with the display: koppel read ... --profile \(path)")
    }

    private func measured(_ device: ImportedDevice) throws -> ImportedDevice {
        var device = device
        let units = Dictionary(measures.map { ($0.name, $0.unit) }) { _, last in last }
        let unused = device.give(units)
        guard let name = unused.first else { return device }
        let known = device.points.map(\.subject).joined(separator: ", ")
        Streams.complain("--measures \(name): there is no number `\(name)`. There are: \(known)")
        throw ExitStatus.usage
    }

    private func found() throws -> ImportedDevice {
        let workbooks = [".xlsx", ".xlsm", ".xls", ".ods"]
        guard from != nil || !workbooks.contains(where: file.lowercased().hasSuffix) else {
            Streams.complain("\(file) is a workbook, not a text: save the sheet as CSV first")
            throw ExitStatus.usage
        }
        guard let format = from ?? ImportFormat(path: file) else {
            Streams.complain("the name of \(file) does not tell what it is: give --from")
            throw ExitStatus.usage
        }
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try DiskFiles().read(file, limit: 4 << 20)
        } catch {
            Streams.complain("\(file) cannot be read: \(error)")
            throw ExitStatus.inputOutput
        }
        guard format != .csv else { return try spreadsheet(bytes) }
        let result = importDevices(bytes, file: file, format: format)
        guard !result.hasErrors else {
            Streams.tell(issues: result.issues)
            throw ExitStatus.no
        }
        return try chosen(result)
    }

    private func spreadsheet(_ bytes: [UInt8]) throws -> ImportedDevice {
        switch RegisterSheet.read(bytes, file: file) {
        case .failure(let issue):
            Streams.tell(issues: [issue])
            throw ExitStatus.no
        case .success(let found):
            var dialogue = Dialogue.hasTerminal && !json ? Dialogue.terminal : nil
            let answers = try sheet.confirmation.confirm(found, asking: &dialogue) { Streams.tell($0) }
            return found.device(answers)
        }
    }

    private func chosen(_ result: ImportResult) throws -> ImportedDevice {
        if let device {
            if let chosen = result.device(device) { return chosen.noting(result.issues) }
            Streams.complain("there is no device \(device) in \(file)")
        } else if result.devices.count == 1 {
            return result.devices[0].noting(result.issues)
        } else {
            Streams.complain("\(file) has \(result.devices.count) devices: choose one with --device")
        }
        var table = TextTable([.text("device"), .number("points"), .number("left out"), .text("bus"), .number("unit")])
        for device in result.devices {
            table.add([
                device.name, "\(device.points.count)", "\(device.leftOut)", device.bus ?? "–",
                device.unit.map { "\($0)" } ?? "–",
            ])
        }
        Streams.tell(table.rendered(.current(descriptor: 2)), terminator: "")
        throw ExitStatus.usage
    }
}

extension ImportFormat: ExpressibleByArgument {}

extension ImportedDevice {
    /// With what concerns the file as a whole.
    fileprivate func noting(_ issues: [ConfigIssue]) -> ImportedDevice {
        var device = self
        device.issues = issues + device.issues
        return device
    }
}

extension [ConfigIssue] {
    /// With the hint of the first of those that say the same, so that a long list stays readable.
    fileprivate var sayingEachHintOnce: [ConfigIssue] {
        var said: Set<String> = []
        return map { issue in
            var issue = issue
            if !said.insert(issue.sentence).inserted { issue.hint = nil }
            return issue
        }
    }
}

/// A value and its unit as the command line gives them: `voltage=V`.
struct GivenMeasure: ExpressibleByArgument, Hashable {
    var name: String
    var unit: String

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex else { return nil }
        name = String(argument[..<equals])
        unit = String(argument[argument.index(after: equals)...])
        guard !unit.isEmpty else { return nil }
    }
}

/// An import as `--json` writes it.
private struct ImportDocument: Encodable {
    var device: String
    var bus: String?
    var unit: Int?
    var carriedOver: Int
    var leftOut: Int
    var issues: [IssueDocument]
    /// The text of the profile's file.
    var profile: String?

    init(_ device: ImportedDevice, _ settled: SettledImport) {
        self.device = device.name
        (bus, unit) = (device.bus, device.unit)
        (carriedOver, leftOut) = (settled.carriedOver, settled.leftOut)
        issues = settled.issues.map(IssueDocument.init)
        profile = settled.file?.text
    }
}
