internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// Which journal a command looks into: the one of a site file, or that of a data folder.
struct JournalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The site file, for the data folder and the limits.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The data folder, without a site file.", valueName: "folder"))
    var data: String?

    @OptionGroup var profiles: ProfileOptions

    func validate() throws {
        if config != nil, data != nil { throw ValidationError("Give either --config or --data.") }
    }

    /// The folder, and the limits where a site file says them.
    ///
    /// - Throws: Exit code 78 after telling every issue of the site file.
    func place() throws -> (folder: String, settings: JournalSettings?) {
        if let data { return (data, nil) }
        let load = loadSite(at: config ?? "/etc/koppel/koppel.yaml", library: profiles.library, files: DiskFiles())
        guard let agent = load.site?.agent else {
            Streams.tell(issues: load.issues)
            throw ExitStatus.configuration
        }
        return (agent.dataFolder, agent.journal)
    }

    /// Runs `body`, and turns a journal that cannot be read into a sentence and its exit code.
    static func looking<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as JournalError {
            Streams.complain("\(error)")
            throw ExitCode(AgentFailure.journal(error).exitCode)
        }
    }

    /// Says that a copy is read, and why that may matter.
    static func tellCopy(_ folder: String) {
        Streams.tell(
            "The journal in \(folder) is locked by another program or lies on a read-only volume; this reads a copy of it."
        )
    }
}

/// Which readings of a journal a command shows.
struct JournalFilter: ParsableArguments {
    @Option(help: ArgumentHelp("Only this machine.", valueName: "id"))
    var machine: String?

    @Option(help: ArgumentHelp("Only this signal; `*` stands for anything.", valueName: "name"))
    var signal: String?
}

/// A moment in UTC: `2026-03-02`, `2026-03-02T08:15:30Z` or with fraction digits.
struct GivenMoment: ExpressibleByArgument, Sendable {
    let time: Timestamp

    init?(argument: String) {
        let text = argument.contains("T") ? argument : argument + "T00:00:00Z"
        guard let time = Timestamp(fullText: text) else { return nil }
        self.time = time
    }
}
