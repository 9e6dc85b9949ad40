internal import KoppelAgent
internal import KoppelCore

/// A commissioning report as one HTML file: nothing is loaded from elsewhere, and it prints on A4.
struct ReportPage {
    let report: SiteReport

    private typealias Cell = HTMLText.Cell

    private var words: ReportWords { report.words }
    private var cells: ReportCells { ReportCells(report: report) }

    var html: String {
        let survey = report.survey
        let title = "\(words.title) – \(cells.site)"
        let body =
            [head, findings, buses] + [HTMLText.text("h2", words.machines)] + survey.machines.map(machine)
            + [delivery, signatures]
        return """
            <!DOCTYPE html>
            <html lang="\(words.language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            \(HTMLText.text("title", title))
            <style>
            \(ReportStyle.css)
            </style>
            </head>
            <body>
            \(body.joined(separator: "\n"))
            </body>
            </html>

            """
    }

    private var head: String {
        let survey = report.survey
        let facts = [
            (words.date, cells.date), (words.agent, survey.site.agent.id.description),
            (words.version, "Koppel \(survey.version)"),
        ]
        return HTMLText.element(
            "header",
            HTMLText.text("p", words.title, style: "kind") + HTMLText.text("h1", cells.site)
                + HTMLText.element("dl", list(facts), style: "facts"))
            + "\n"
            + HTMLText.text(
                "p", cells.verdict, style: "verdict \(report.isAllGood ? "good" : report.isGood ? "doubt" : "bad")")
    }

    private func list(_ facts: [(String, String)]) -> String {
        facts.map {
            HTMLText.element("div", HTMLText.text("dt", $0.0) + HTMLText.text("dd", $0.1))
        }.joined()
    }

    private var findings: String {
        HTMLText.text("h2", words.findings)
            + (report.findings.isEmpty
                ? HTMLText.text("p", words.noFindings)
                : HTMLText.table(
                    [Cell(words.place), Cell(words.finding), Cell(words.advice)],
                    report.findings.map {
                        [Cell($0.place, "name"), Cell($0.sentence, $0.severity.rawValue), Cell($0.advice)]
                    }))
    }

    private var buses: String {
        HTMLText.text("h2", words.buses)
            + HTMLText.table(
                [
                    Cell(words.bus), Cell(words.address), Cell(words.timeout, "number"), Cell(words.load),
                    Cell(words.answers, "number"), Cell("p50", "number"), Cell("p99", "number"),
                    Cell(words.headroom, "number"),
                ],
                report.survey.buses.map { bus in
                    [
                        Cell(bus.settings.id.description, "name"), Cell(cells.place(bus.settings)),
                        Cell(bus.settings.timeout.plainText, "number"), Cell(cells.load(bus)),
                        Cell("\(bus.times.count)", "number"), Cell(cells.time(bus, 0.5), "number"),
                        Cell(cells.time(bus, 0.99), "number"), Cell(cells.headroom(bus), "number"),
                    ]
                })
    }

    private func machine(_ machine: SiteSurvey.Machine) -> String {
        let settings = machine.settings
        let plate = settings.nameplate
        let facts = [
            (words.manufacturer, plate.manufacturer), (words.model, plate.model),
            (words.serialNumber, plate.serialNumber ?? "–"), (words.unitID, "\(settings.unit.rawValue)"),
            (words.bus, settings.bus.description), (words.profile, cells.profile(settings)),
            (words.location, cells.location(settings)),
        ]
        let signals = SiteReport.shown(machine)
        let title = settings.title[words.language.rawValue] ?? settings.title["en"]
        let heading = title.map { "\(settings.id) – \($0)" } ?? settings.id.description
        return HTMLText.element(
            "section",
            HTMLText.text("h3", heading) + HTMLText.element("dl", list(facts), style: "facts") + "\n"
                + (signals.isEmpty ? HTMLText.text("p", words.notRead, style: "bad") : table(signals)))
    }

    private func table(_ signals: [LiveReader.SignalNow]) -> String {
        HTMLText.table(
            [
                Cell(words.signal), Cell(""), Cell(words.register), Cell(words.words), Cell(words.value, "number"),
                Cell(words.unit), Cell(words.quality), Cell(words.response, "number"),
            ],
            signals.map { signal in
                [
                    Cell(signal.point.signal.description, "name"), Cell(cells.label(signal.point)),
                    Cell(cells.register(signal.point)), Cell(cells.words(signal), "code"),
                    Cell(cells.value(signal), "number"), Cell(signal.point.unit?.ucum ?? ""),
                    Cell(cells.quality(signal.decoded), signal.decoded.condition.quality.name),
                    Cell(signal.elapsed?.plainText ?? "–", "number"),
                ]
            }, style: "signals")
    }

    private var delivery: String {
        let survey = report.survey
        var html = HTMLText.text("h2", words.delivery)
        if survey.site.destinations.isEmpty {
            html += HTMLText.text("p", words.noDestinations)
        } else {
            html += HTMLText.table(
                [Cell(words.destination), Cell(words.broker), Cell(words.publishes), Cell(words.sharing)],
                survey.site.destinations.map {
                    [
                        Cell($0.id.description, "name"), Cell(cells.broker($0)), Cell(cells.publishes($0)),
                        Cell(cells.sharing($0)),
                    ]
                })
            html += HTMLText.table(
                [Cell(words.machines), Cell(words.topics)],
                survey.machines.map {
                    [Cell($0.settings.id.description, "name"), Cell($0.topics.joined(separator: ", "), "code")]
                })
        }
        return html + HTMLText.text("p", cells.journal)
    }

    private var signatures: String {
        let boxes = [words.installer, words.customer].map { who in
            HTMLText.element(
                "div",
                HTMLText.text("h3", who)
                    + [words.name, words.date, words.signature].map { HTMLText.text("p", $0) }.joined())
        }
        return HTMLText.element("section", boxes.joined(), style: "signatures")
    }
}
