import Testing

@Suite(.timeLimit(.minutes(5)))
struct HelpTests {
    @Test(arguments: [
        "check", "read", "decode", "profile", "profile list", "profile show", "profile check", "simulate", "journal",
        "journal info", "journal tail", "journal export", "journal verify", "verify", "scan", "identify", "status",
        "record", "replay", "explain", "doctor", "report", "profile export", "profile import", "profile new",
        "profile schema", "config", "config schema",
    ])
    func `the help of a command is as it was approved`(_ command: String) async throws {
        let outcome = try await Program.run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(outcome.code == 0)
        #expect(outcome.errors.isEmpty)
        try Golden.expect(outcome.output, is: "help-" + command.replacing(" ", with: "-"))
    }
}
