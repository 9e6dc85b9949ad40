internal import ArgumentParser
internal import KoppelAgent

/// The local log of readings.
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Looks into the local log of readings.",
        subcommands: [JournalInfo.self, JournalTail.self, JournalExport.self, JournalVerify.self])
}

struct JournalInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Shows what is in the journal and what still has to be delivered.",
        discussion: """
            Works while the agent runs, and changes nothing. Ends with 74 if there is no journal or it cannot be read.

            Example: koppel journal info --config /etc/koppel/koppel.yaml
            """)

    @OptionGroup var journal: JournalOptions

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        CommandStart.begin()
        let (folder, settings) = try journal.place()
        let report = try await JournalOptions.looking {
            try await Progress.during("Looking into \(folder)") { try await JournalReport(folder: folder) }
        }
        let text = JournalText(report: report, settings: settings)
        try Streams.write(json ? JSONDocument.text(text.document) : text.rendered(.current()))
    }
}
