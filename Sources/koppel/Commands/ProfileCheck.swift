internal import ArgumentParser
internal import KoppelConfig

struct ProfileCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks profiles and the vectors beside them.",
        discussion: """
            Every issue is shown as FILE:LINE:COLUMN: error: PATH: SENTENCE with a hint below it. Each vector is \
            decoded and compared with what it expects. Ends with 78 if there is an error.

            Example: koppel profile check Devices
            """)

    @Argument(help: "Profile files, or folders of them.")
    var paths: [String]

    @Flag(help: "Write one JSON document.")
    var json = false

    private struct Document: Encodable {
        var profiles: Int
        var vectors: Int
        var errors: Int
        var warnings: Int
        var issues: [IssueDocument]
    }

    func run() async throws {
        CommandStart.begin()
        var check = ProfileFilesCheck(files: DiskFiles())
        for path in paths { check.check(path) }
        let issues = check.issues
        if json {
            try Streams.write(
                JSONDocument.text(
                    Document(
                        profiles: check.profiles, vectors: check.vectors, errors: issues.errors,
                        warnings: issues.warnings, issues: issues.map(IssueDocument.init))))
        } else {
            let counts = [
                PlainText.count(check.profiles, "profile"), PlainText.count(check.vectors, "vector"),
                PlainText.count(issues.errors, "error"), PlainText.count(issues.warnings, "warning"),
            ]
            try Streams.write(issues.rendered(.current()) + counts.joined(separator: ", ") + "\n")
        }
        if issues.errors > 0 { throw ExitStatus.configuration }
    }
}
