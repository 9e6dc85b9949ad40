internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// The local log of readings.
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Looks into the local log of readings.", subcommands: [JournalInfo.self])
}

struct JournalInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Shows what is in the journal and what still has to be delivered.",
        discussion: """
            Works while the agent runs, and changes nothing. Ends with 74 if there is no journal or it cannot be read.

            Example: koppel journal info --config /etc/koppel/koppel.yaml
            """)

    @Option(help: ArgumentHelp("The site file, for the data folder and the limits.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The data folder, without a site file.", valueName: "folder"))
    var data: String?

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    func validate() throws {
        if config != nil, data != nil { throw ValidationError("Give either --config or --data.") }
    }

    func run() async throws {
        CommandStart.begin()
        var settings: JournalSettings?
        var folder = data ?? ""
        if data == nil {
            let path = config ?? "/etc/koppel/koppel.yaml"
            let load = loadSite(at: path, library: profiles.library, files: DiskFiles())
            guard let agent = load.site?.agent else {
                Streams.tell(issues: load.issues)
                throw ExitStatus.configuration
            }
            folder = agent.dataFolder
            settings = agent.journal
        }
        let report = try await report(of: folder)
        let text = JournalText(report: report, settings: settings)
        try Streams.write(json ? JSONDocument.text(text.document) : text.rendered(.current()))
    }

    private func report(of folder: String) async throws -> JournalReport {
        do {
            return try await Progress.during("Looking into \(folder)") { try await JournalReport(folder: folder) }
        } catch let error as JournalError {
            Streams.complain("\(error)")
            throw ExitCode(AgentFailure.journal(error).exitCode)
        }
    }
}
