internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

struct ProfileExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a profile, or a machine of a site file, in a form that other software understands.",
        discussion: """
            wot is a W3C Thing Description 1.1 with the Modbus binding, for a profile a Thing Model. aas is an \
            Asset Administration Shell 3.0 with an Asset Interfaces Description 1.1, for a profile with asset kind \
            Type. Both only know Modbus TCP: for a machine on a serial line --gateway says where it is reached.

            A machine's id is the one its agent gave it, from the journal of the site.

            Example: koppel profile export eastron/sdm630-v2 --format aas > sdm630.aas.json
            """)

    @Argument(help: "The profile, as vendor/model or path.")
    var profile: String?

    @Option(help: "The form: wot or aas.")
    var format: DeviceExport.Format

    @Option(help: ArgumentHelp("The site file of a machine, in place of a profile.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The machine of the site file.", valueName: "id"))
    var machine: String?

    @Option(help: ArgumentHelp("Where a machine on a serial line is reached over Modbus TCP.", valueName: "host:port"))
    var gateway: GatewayAddress?

    @Option(help: "The language of titles: nl or en.")
    var lang: ProfileShow.Language = .en

    @OptionGroup var profiles: ProfileOptions

    func validate() throws {
        guard (profile == nil) == (config != nil), (config == nil) == (machine == nil) else {
            throw ValidationError("Give a profile, or --config FILE with --machine ID.")
        }
        guard gateway == nil || machine != nil else { throw ValidationError("--gateway goes with --machine.") }
    }

    func run() async throws {
        CommandStart.begin()
        if let profile {
            let loaded = try profiles.load(profile)
            return try Streams.write(DeviceExport(loaded.profile, language: lang.rawValue).text(format))
        }
        let export = try await machineExport()
        if !export.hasAddress {
            Streams.tell(
                "The document says nothing of where the machine is: the format knows no serial line. "
                    + "Give --gateway HOST:PORT if it is reached over Modbus TCP.")
        }
        try Streams.write(export.text(format))
    }

    private func machineExport() async throws -> DeviceExport {
        let load = loadSite(at: config ?? "", library: profiles.library, files: DiskFiles())
        Streams.tell(issues: load.issues)
        guard let site = load.site else { throw ExitStatus.configuration }
        guard let settings = site.machines.first(where: { $0.id.description == machine }),
            let bus = site.buses.first(where: { $0.id == settings.bus })
        else {
            let known = site.machines.map(\.id.description).joined(separator: ", ")
            Streams.complain("there is no machine `\(machine ?? "")`. In the site file: \(known)")
            throw ExitStatus.configuration
        }
        let known = await machineInJournal(of: site, settings.id)
        return DeviceExport(
            settings, on: bus, known: known, gateway: gateway.map { ($0.host, $0.port) }, language: lang.rawValue)
    }

    /// The machine with the id that its agent gave it; `nil`, after saying so, if there is none yet.
    private func machineInJournal(of site: Site, _ id: Identifier) async -> JournalReport.Machine? {
        do throws(JournalError) {
            let report = try await JournalReport(folder: site.agent.dataFolder)
            if let machine = report.machines.first(where: { $0.id == id.description }) { return machine }
            Streams.tell("The agent has not read `\(id)` yet: the document has an id made of its place in the plant.")
        } catch {
            Streams.tell("\(error)\nWithout it the document has an id made of the machine's place in the plant.")
        }
        return nil
    }
}

extension DeviceExport.Format: ExpressibleByArgument {}

/// `HOST:PORT`.
struct GatewayAddress: ExpressibleByArgument {
    var host: String
    var port: UInt16

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), colon != argument.startIndex,
            let port = UInt16(argument[argument.index(after: colon)...]), port > 0
        else { return nil }
        host = String(argument[..<colon])
        self.port = port
    }
}
