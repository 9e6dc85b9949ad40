internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// Which running agent a command asks: the one of a site file.
struct AgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The site file of the agent, which names its data folder.", valueName: "file"))
    var config = "/etc/koppel/koppel.yaml"

    @Option(help: ArgumentHelp("The data folder of the agent, without a site file.", valueName: "folder"))
    var data: String?

    @OptionGroup var profiles: ProfileOptions

    /// A way to the agent. With a data folder the site file is not looked at, so that one with errors keeps nobody from
    /// looking at the agent that runs on with the old one.
    ///
    /// - Throws: Exit code 78 after telling every issue of the site file.
    func client() throws -> LocalClient { LocalClient(dataFolder: try data ?? site().agent.dataFolder) }

    /// The site.
    ///
    /// - Throws: Exit code 78 after telling every issue, if there is an error.
    func site() throws -> Site { try Self.site(at: config, profiles) }

    /// The site in this file.
    ///
    /// - Throws: Exit code 78 after telling every issue, if there is an error.
    static func site(at config: String, _ profiles: ProfileOptions) throws -> Site {
        let load = loadSite(at: config, library: profiles.library, files: DiskFiles())
        guard let site = load.site else {
            Streams.tell(issues: load.issues)
            throw ExitStatus.configuration
        }
        return site
    }
}

extension LocalClient {
    /// Tells a person why there is no answer.
    ///
    /// - Returns: The exit code: 1 if the agent said no, 69 if it said nothing.
    static func told(_ failure: Failure) -> ExitCode {
        Streams.complain("\(failure)")
        if case .refused = failure { return ExitStatus.no }
        return ExitStatus.unavailable
    }
}
