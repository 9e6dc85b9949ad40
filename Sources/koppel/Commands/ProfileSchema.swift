internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

struct ProfileSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Writes the JSON Schema of a profile, with which an editor completes and checks it.",
        discussion: """
            Made from the definitions that the program reads a profile with. An editor with the YAML language server \
            uses it for a profile that begins with this line:

            # yaml-language-server: $schema=./profile.schema.json

            Example: koppel profile schema > profile.schema.json
            """)

    @Flag(help: "Write the schema of a vectors file.")
    var vectors = false

    func run() async throws {
        CommandStart.begin()
        try Streams.write((vectors ? ProfileSchema.vectors : ProfileSchema.document).pretty)
    }
}
