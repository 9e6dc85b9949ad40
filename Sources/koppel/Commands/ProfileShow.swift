internal import ArgumentParser

struct ProfileShow: AsyncParsableCommand {
    enum Language: String, CaseIterable, ExpressibleByArgument { case nl, en }

    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one profile: how sure it is, where it comes from, and each of its points.",
        discussion: """
            Addresses are zero-based data addresses, whatever notation the file uses.

            Example: koppel profile show eastron/sdm630-v2 --lang nl
            """)

    @Argument(help: "The profile, as vendor/model or path.")
    var profile: String

    @Option(help: "The language of the labels: nl or en.")
    var lang: Language = .en

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    func run() async throws {
        CommandStart.begin()
        let loaded = try profiles.load(profile)
        let text =
            json
            ? try JSONDocument.text(ProfileDocument(loaded))
            : ProfileText(loaded: loaded, language: lang.rawValue).rendered(.current())
        try Streams.write(text)
    }
}
