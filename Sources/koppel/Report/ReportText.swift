internal import KoppelAgent
internal import KoppelCore

/// A commissioning report for a terminal.
struct ReportText {
    let report: SiteReport
    let style: TerminalStyle

    private var words: ReportWords { report.words }
    private var cells: ReportCells { ReportCells(report: report) }

    var text: String {
        let survey = report.survey
        let head =
            style.paint(words.title, .strong) + "\n"
            + DisplayWidth.harmless(
                "\(cells.site), \(words.agent) \(survey.site.agent.id), Koppel \(survey.version), "
                    + cells.date) + "\n"
            + style.paint(cells.verdict, report.isAllGood ? .good : report.isGood ? .warning : .bad) + "\n"
        return ([head, findings, buses] + survey.machines.map(machine) + [destinations, cells.journal + "\n"])
            .joined(separator: "\n")
    }

    private var findings: String {
        guard !report.findings.isEmpty else { return words.noFindings + "\n" }
        var table = TextTable([.text(words.place), .text(words.finding), .text(words.advice)])
        for finding in report.findings {
            table.add([
                .init(finding.place), .init(finding.sentence, finding.severity == .bad ? .bad : .warning),
                .init(finding.advice),
            ])
        }
        return table.rendered(style)
    }

    private var buses: String {
        var table = TextTable([
            .text(words.bus), .text(words.address), .number(words.timeout), .text(words.load), .number(words.answers),
            .number("p50"), .number("p99"), .number(words.headroom),
        ])
        for bus in report.survey.buses {
            table.add([
                bus.settings.id.description, cells.place(bus.settings), bus.settings.timeout.plainText, cells.load(bus),
                "\(bus.times.count)", cells.time(bus, 0.5), cells.time(bus, 0.99), cells.headroom(bus),
            ])
        }
        return table.rendered(style)
    }

    private func machine(_ machine: SiteSurvey.Machine) -> String {
        let settings = machine.settings
        let title =
            "\(settings.id): \(settings.nameplate.manufacturer) \(settings.nameplate.model)"
            + (settings.nameplate.serialNumber.map { ", \(words.serialNumber) \($0)" } ?? "")
            + ", \(words.unitID) \(settings.unit.rawValue), \(words.bus) \(settings.bus), \(words.profile) "
            + cells.profile(settings)
        var table = TextTable([
            .text(words.signal), .text(words.register), .text(words.words), .number(words.value), .text(words.unit),
            .text(words.quality), .number(words.response),
        ])
        let signals = SiteReport.shown(machine)
        for signal in signals {
            let quality = signal.decoded.condition.quality
            let tone: TerminalStyle.Tone = quality == .good ? .good : quality == .uncertain ? .warning : .bad
            table.add([
                .init(signal.point.signal.description), .init(cells.register(signal.point)),
                .init(cells.words(signal)), .init(cells.value(signal)), .init(signal.point.unit?.ucum ?? ""),
                .init(cells.quality(signal.decoded), tone), .init(signal.elapsed?.plainText ?? "–"),
            ])
        }
        return style.paint(DisplayWidth.harmless(title), .strong) + "\n"
            + (signals.isEmpty ? words.notRead + "\n" : table.rendered(style))
    }

    private var destinations: String {
        guard !report.survey.site.destinations.isEmpty else { return words.noDestinations + "\n" }
        var table = TextTable([
            .text(words.destination), .text(words.broker), .text(words.publishes), .text(words.sharing),
        ])
        for destination in report.survey.site.destinations {
            table.add([
                destination.id.description, cells.broker(destination), cells.publishes(destination),
                cells.sharing(destination),
            ])
        }
        return table.rendered(style)
            + report.survey.machines.filter { !$0.topics.isEmpty }.map {
                "\(words.topics) \($0.settings.id): \($0.topics.joined(separator: ", "))\n"
            }.joined()
    }
}
