internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// What leaves, in words.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Tells what is shared with whom.", subcommands: [ShareShow.self])
}

struct ShareShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Tells in plain words who gets what, how fine, for what purpose and for how long.",
        discussion: """
            Works from the files alone. It also tells what the agent cannot enforce and was only agreed, and why a \
            destination stays closed. Ends with 1 if one stays closed.

            Example: koppel share show --config /etc/koppel/koppel.yaml --lang nl
            """)

    @Option(help: ArgumentHelp("The site file.", valueName: "file"))
    var config = "/etc/koppel/koppel.yaml"

    @Option(help: ArgumentHelp("Only this destination.", valueName: "name"))
    var destination: String?

    @Option(help: ArgumentHelp("The language: en or nl.", valueName: "language"))
    var lang = ReportWords.Language.en

    @OptionGroup var profiles: ProfileOptions

    func run() async throws {
        CommandStart.begin()
        let site = try AgentOptions.site(at: config, profiles)
        let meant = site.destinations.filter { destination == nil || $0.id.description == destination }
        if let destination, meant.isEmpty {
            let known = site.destinations.map(\.id.description).joined(separator: ", ")
            Streams.complain("there is no destination `\(destination)`. In the site file: \(known)")
            throw ExitStatus.configuration
        }
        let now = WallClock.system().wall
        let texts = meant.map { ShareText(destination: $0, site: site, language: lang, now: now) }
        try Streams.write(
            texts.isEmpty
                ? ShareText.nothing(lang) : texts.map { $0.rendered(.current()) }.joined(separator: "\n"))
        if texts.contains(where: \.isClosed) { throw ExitStatus.no }
    }
}
