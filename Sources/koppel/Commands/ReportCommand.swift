internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// The commissioning report that an installer hands over.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Reads every machine and writes the commissioning report to hand over.",
        discussion: """
            Each machine is read four times, for values and response times; one that is silent is a finding and not a \
            failure. With --html the report is one file that needs nothing else and prints on A4. A serial port \
            serves one master at a time: stop the agent first. Ends with 0 if all is good and with 1 if something is \
            bad.

            Example: koppel report --config /etc/koppel/koppel.yaml --html report.html --lang nl
            """)

    @Option(help: ArgumentHelp("The site file.", valueName: "file"))
    var config = "/etc/koppel/koppel.yaml"

    @Option(help: ArgumentHelp("Write the report to this file as HTML.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("The language of the report: en or nl.", valueName: "language"))
    var lang = ReportWords.Language.en

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    func run() async throws {
        CommandStart.begin()
        let load = loadSite(at: config, library: profiles.library, files: DiskFiles())
        guard let site = load.site else {
            Streams.tell(issues: load.issues)
            throw ExitStatus.configuration
        }
        let survey = await Progress.during("Reading \(PlainText.count(site.machines.count, "machine"))") {
            await SiteSurvey.take(site)
        }
        let report = SiteReport(survey, issues: load.issues, language: lang)
        if let html {
            try write(ReportPage(report: report).html, to: html)
            if !json { try Streams.write("\(html): \(ReportCells(report: report).verdict)\n") }
        } else if !json {
            try Streams.write(ReportText(report: report, style: .current()).text)
        }
        if json { try Streams.write(JSONDocument.text(ReportDocument(report))) }
        guard report.isGood else { throw ExitStatus.no }
    }

    private func write(_ page: String, to path: String) throws {
        do {
            try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            Streams.complain("\(path) cannot be written: \(error.localizedDescription). Choose another folder")
            throw ExitStatus.inputOutput
        }
    }
}
