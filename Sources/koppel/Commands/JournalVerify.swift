internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// Whether the local log is whole.
struct JournalVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Checks each record of the journal: its checksum, its order, and that no number is missing undeclared.",
        discussion: """
            Works while the agent runs, changes nothing, and reads all of the journal. Ends with 0 if it is sound, with \
            1 and what is wrong if it is not, and with 74 if it cannot be read at all.

            Example: koppel journal verify --config /etc/koppel/koppel.yaml
            """)

    @OptionGroup var journal: JournalOptions

    @Flag(help: "Write one JSON document.")
    var json = false

    func run() async throws {
        CommandStart.begin()
        let folder = try journal.place().folder
        let report = try await JournalOptions.looking {
            try await JournalVerification(folder: folder).run { records, all in
                Progress.step("\(records) of \(all) records")
            }
        }
        Progress.endSteps()
        if report.isCopy { JournalOptions.tellCopy(folder) }
        let text = JournalVerdict(report: report)
        try Streams.write(json ? JSONDocument.text(text.document) : text.rendered(.current()))
        if !report.isSound { throw ExitStatus.no }
    }
}
