internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// How it is with the running agent.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows how it is with the running agent: problems first, then buses, units and destinations.",
        discussion: """
            Asks the agent over a socket in its data folder, as root or as the user it runs as. Ends with 0 if all is \
            well, with 1 if there are problems, and with 69 if no agent runs.

            Example: sudo koppel status --config /etc/koppel/koppel.yaml
            """)

    @OptionGroup var agent: AgentOptions

    @Flag(help: "Show it again every second, until Ctrl-C.")
    var watch = false

    @Flag(help: "Write one JSON document.")
    var json = false

    func validate() throws {
        if watch && json { throw ValidationError("--watch repeats and --json is one document; choose one.") }
    }

    func run() async throws {
        CommandStart.begin()
        let client = try agent.client()
        if watch { return try await show(client) }
        let status: StatusDocument
        do throws(LocalClient.Failure) {
            status = try client.status()
        } catch {
            throw LocalClient.told(error)
        }
        try Streams.write(json ? JSONDocument.text(status) : StatusText(status: status).rendered(.current()))
        if !status.problems.isEmpty { throw ExitStatus.no }
    }

    /// Again and again, in place on a terminal. While no agent runs it says so and waits.
    private func show(_ client: LocalClient) async throws {
        let style = TerminalStyle.current()
        while true {
            let text: String
            do throws(LocalClient.Failure) {
                text = StatusText(status: try client.status()).rendered(style)
            } catch {
                text = "koppel: \(error)\n"
            }
            // Each line is cleared to its end, and the screen from there, so that nothing flickers.
            let lines = style.width == nil ? text : text.replacing("\n", with: "\u{1B}[K\n")
            try Streams.write((style.width == nil ? "" : "\u{1B}[H") + lines + (style.width == nil ? "" : "\u{1B}[J"))
            // Cancelled means Ctrl-C, which ends the process.
            try await ContinuousClock().sleep(for: .seconds(1))
        }
    }
}
