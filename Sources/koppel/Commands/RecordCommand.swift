internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelCore

/// What went over a bus, out of the running agent.
struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Writes down what goes over a bus of the running agent, every frame with its time.",
        discussion: """
            The agent always keeps the latest frames of each bus; without --seconds those are written. The result is a \
            text that `koppel replay` reads again, to send along with a question about a machine. It holds no \
            passwords; it does hold what the machine said. Ends with 69 if no agent runs.

            Example: sudo koppel record --bus meters --seconds 60 --out meters.txt
            """)

    @OptionGroup var agent: AgentOptions

    @Option(help: ArgumentHelp("The bus, as the site file names it.", valueName: "name"))
    var bus: String

    @Option(help: "Record for so long from now, instead of what went over the bus before.")
    var seconds: Int?

    @Option(help: ArgumentHelp("Write to this file, which must not exist yet.", valueName: "file"))
    var out: String?

    func validate() throws {
        if let seconds, !(1...86_400).contains(seconds) { throw ValidationError("--seconds takes 1 to 86400.") }
    }

    func run() async throws {
        CommandStart.begin()
        guard let name = Identifier(bus) else {
            throw ValidationError("`\(bus)` is no name of a bus: lower-case letters, digits and hyphens.")
        }
        let record = BusRecording(client: try agent.client(), bus: name)
        let recording: BusRecording.Result
        do throws(LocalClient.Failure) {
            if let seconds {
                if seconds > 2 { Streams.tell("Recording \(bus) for \(seconds) s …") }
                recording = try await record.next(.seconds(seconds))
            } else {
                recording = try record.kept()
            }
        } catch {
            throw LocalClient.told(error)
        }
        try write(recording.text)
        Streams.tell(
            PlainText.count(recording.entries, "line") + " in \(recording.length.plainText)"
                + (recording.lost > 0 ? "; \(recording.lost) earlier ones were no longer kept" : ""))
    }

    private func write(_ text: String) throws {
        guard let out else { return try Streams.write(text) }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: out), options: .withoutOverwriting)
        } catch {
            Streams.complain("\(out) cannot be written: it exists already, or the folder is not yours")
            throw ExitStatus.inputOutput
        }
    }
}
