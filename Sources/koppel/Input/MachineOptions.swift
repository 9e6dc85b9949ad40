internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

/// Which machines a command works on: those of a site file, or one that is described on the command line.
struct MachineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The site file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Only this machine of the site file.", valueName: "id"))
    var machine: String?

    @Option(
        help: ArgumentHelp(
            "Without a site file: tcp://HOST:PORT, rtu+tcp://HOST:PORT or rtu:/dev/...?baud=9600&format=8E1.",
            valueName: "url"))
    var bus: String?

    @Option(help: ArgumentHelp("Without a site file: the unit id of the machine.", valueName: "id"))
    var unit: Int?

    @Option(help: ArgumentHelp("Without a site file: the profile, as vendor/model or path.", valueName: "profile"))
    var profile: String?

    @OptionGroup var profiles: ProfileOptions

    func validate() throws {
        let alone = [bus, profile, unit.map(String.init)]
        if config != nil {
            guard alone.allSatisfy({ $0 == nil }) else {
                throw ValidationError("Give either --config, or --bus with --unit and --profile.")
            }
        } else {
            guard alone.allSatisfy({ $0 != nil }) else {
                throw ValidationError("Give --config FILE, or all of --bus URL, --unit N and --profile P.")
            }
            guard machine == nil else {
                throw ValidationError("--machine chooses from a site file; give --config with it.")
            }
        }
    }

    /// The buses and machines meant, and with no site file to say it, which of several SunSpec devices behind the unit id.
    ///
    /// Ends with exit code 78 after telling every issue.
    func load(device: Int? = nil) throws -> (buses: [BusSettings], machines: [MachineSettings]) {
        let load: SiteLoad
        if let config {
            load = loadSite(at: config, library: profiles.library, files: DiskFiles())
        } else {
            let site = CommandLineSite(bus: bus ?? "", machine: (unit ?? 0, profile ?? ""), device: device)
            load = site.load(library: profiles.library)
        }
        Streams.tell(issues: load.issues)
        guard let site = load.site else { throw ExitStatus.configuration }
        guard let machine else { return (site.buses, site.machines) }
        guard let chosen = site.machines.first(where: { $0.id.description == machine }) else {
            let known = site.machines.map(\.id.description).joined(separator: ", ")
            Streams.complain("there is no machine `\(machine)`. In the site file: \(known)")
            throw ExitStatus.configuration
        }
        return (site.buses.filter { $0.id == chosen.bus }, [chosen])
    }
}
