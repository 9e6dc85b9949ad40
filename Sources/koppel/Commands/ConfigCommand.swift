internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

/// The site file itself.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Tells editors what a site file may say.",
        subcommands: [ConfigSchemaCommand.self])
}

struct ConfigSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Writes the JSON Schema of a site file, with which an editor completes and checks it.",
        discussion: """
            Made from the definitions that the program reads a site file with. An editor with the YAML language server \
            uses it for a site file that begins with this line:

            # yaml-language-server: $schema=./koppel.schema.json

            Example: koppel config schema > koppel.schema.json
            """)

    func run() async throws {
        CommandStart.begin()
        try Streams.write(SiteSchema.document.pretty)
    }
}
