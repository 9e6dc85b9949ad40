internal import KoppelAgent
internal import KoppelCore

/// `koppel report --json`.
struct ReportDocument: Encodable {
    struct Bus: Encodable {
        var bus: String
        var place: String
        var timeoutMs: Double
        var loadPercent: Double?
        var answers: Int
        var p50Ms: Double?
        var p99Ms: Double?
    }

    struct Machine: Encodable {
        var machine: String
        var bus: String
        var unit: UInt8
        var profile: String
        var topics: [String]
        var signals: [SignalDocument]
    }

    var site: String
    var agent: String
    var version: String
    var time: String
    var good: Int
    var of: Int
    var findings: [SiteReport.Finding]
    var buses: [Bus]
    var machines: [Machine]

    init(_ report: SiteReport) {
        let survey = report.survey
        let cells = ReportCells(report: report)
        site = cells.site
        agent = survey.site.agent.id.description
        version = survey.version
        time = survey.taken.plainText
        good = report.goodSignals
        of = report.signals
        findings = report.findings
        buses = survey.buses.map { bus in
            Bus(
                bus: bus.settings.id.description, place: cells.place(bus.settings),
                timeoutMs: bus.settings.timeout.milliseconds,
                loadPercent: bus.plan.map { ($0.load * 1_000).rounded() / 10 }, answers: bus.times.count,
                p50Ms: bus.time(at: 0.5)?.milliseconds, p99Ms: bus.time(at: 0.99)?.milliseconds)
        }
        machines = survey.machines.map { machine in
            Machine(
                machine: machine.settings.id.description, bus: machine.settings.bus.description,
                unit: machine.settings.unit.rawValue, profile: machine.settings.profile.id.description,
                topics: machine.topics,
                signals: SiteReport.shown(machine).map {
                    SignalDocument(
                        signal: $0.point.signal, unit: $0.point.unit, decoded: $0.decoded,
                        measured: .init(words: $0.words, elapsed: $0.elapsed))
                })
        }
    }
}
