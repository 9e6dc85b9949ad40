internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

struct ProfileList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists every profile of the library.",
        discussion: """
            Ends with 78 if a profile has an error; the others are listed.

            Example: koppel profile list --profiles ./my-devices
            """)

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    private struct Row: Encodable {
        var id: String
        var manufacturer: String
        var model: String
        var version: String
        var points: Int
        var confidence: String?
        var path: String
    }

    func run() async throws {
        CommandStart.begin()
        var rows: [Row] = []
        var hasErrors = false
        for entry in profiles.library.list() {
            let load = loadProfile(at: entry.path, files: DiskFiles())
            guard let profile = load.profile else {
                Streams.tell(issues: load.issues)
                hasErrors = true
                continue
            }
            rows.append(
                Row(
                    id: entry.id, manufacturer: profile.manufacturer, model: profile.model, version: profile.version,
                    points: profile.points.count, confidence: profile.confidence?.rawValue, path: entry.path))
        }
        try Streams.write(json ? JSONDocument.text(rows) : text(rows))
        if rows.isEmpty, !hasErrors {
            Streams.complain("no profile was found: name a folder that holds VENDOR/MODEL.yaml with --profiles")
        }
        if hasErrors { throw ExitStatus.configuration }
    }

    private func text(_ rows: [Row]) -> String {
        var table = TextTable([
            .text("id"), .text("model"), .number("points"), .text("confidence"), .text("path"),
        ])
        for row in rows {
            table.add([
                row.id, "\(row.manufacturer) \(row.model)", "\(row.points)", row.confidence ?? "not stated", row.path,
            ])
        }
        return table.rendered(.current())
    }
}
