internal import KoppelAgent
internal import KoppelCore

/// The facts of a report as short texts, the same for terminal and page.
struct ReportCells {
    let report: SiteReport

    private var words: ReportWords { report.words }

    func quality(_ quality: Quality) -> String {
        switch quality {
        case .good: words.good
        case .uncertain: words.uncertain
        case .bad: words.bad
        }
    }

    func quality(_ decoded: Decoded) -> String {
        let name = quality(decoded.condition.quality)
        return decoded.condition.reason.map { "\(name): \($0)" } ?? name
    }

    func register(_ point: Point) -> String { "\(point.table.name) \(point.address)" }

    /// A text has many words, of which the first few are enough here.
    func words(_ signal: LiveReader.SignalNow) -> String {
        let first = PlainText.words(Array(signal.words.prefix(4)), of: signal.point.table)
        return signal.words.count > 4 ? "\(first) … (\(signal.words.count))" : first
    }

    func value(_ signal: LiveReader.SignalNow) -> String { signal.decoded.value.plainText(signal.point.enumeration) }

    func label(_ point: Point) -> String {
        point.label[words.language.rawValue] ?? point.label["en"] ?? ""
    }

    func place(_ bus: BusSettings) -> String {
        switch bus.endpoint {
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        case .rtu(let device, let line): "\(device) \(line.text)"
        case .rtuOverTCP(let host, let port, _): "rtu+tcp://\(host):\(port)"
        }
    }

    func load(_ bus: SiteSurvey.Bus) -> String {
        bus.plan.map { "\(PlainText.percent($0.load)), \(words.verdict($0.verdict))" } ?? "–"
    }

    func time(_ bus: SiteSurvey.Bus, _ part: Double) -> String { bus.time(at: part)?.plainText ?? "–" }

    func headroom(_ bus: SiteSurvey.Bus) -> String { bus.headroom.map { PlainText.percent($0) } ?? "–" }

    func profile(_ machine: MachineSettings) -> String {
        let confidence = machine.profile.confidence?.rawValue ?? words.notStated
        return "\(machine.profile.id) \(machine.profile.version) (\(words.confidence): \(confidence))"
    }

    func location(_ machine: MachineSettings) -> String {
        machine.location.map { $0.name ?? $0.id.description }.joined(separator: " / ")
    }

    func broker(_ destination: DestinationSettings) -> String {
        "\(destination.tls == nil ? "mqtt" : "mqtts")://\(destination.host):\(destination.port)"
    }

    func publishes(_ destination: DestinationSettings) -> String {
        DestinationSettings.Publication.allCases.filter { destination.publish.contains($0) }.map(\.rawValue)
            .joined(separator: ", ")
    }

    func sharing(_ destination: DestinationSettings) -> String {
        switch destination.share {
        case .all: words.sharesAll
        case .policy(let policy): "\(words.sharesByPolicy) \(policy.path)"
        case .missingPolicy(let path): "\(words.sharesByPolicy) \(path)"
        }
    }

    var journal: String {
        let journal = report.survey.plan.journal
        guard let least = journal.leastHours, let most = journal.mostHours else { return words.holds(words.unlimited) }
        let (low, high) = (Duration.seconds(least * 3_600).plainText, Duration.seconds(most * 3_600).plainText)
        return words.holds(low == high ? low : "\(low) – \(high)")
    }

    /// To the second, in UTC.
    var date: String {
        report.survey.taken.plainText.prefix(19).replacing("T", with: " ") + " UTC"
    }

    var site: String {
        report.survey.site.agent.location.map { $0.name ?? $0.id.description }.joined(separator: " / ")
    }

    var verdict: String {
        let signals = words.signals(report.goodSignals, of: report.signals)
        if report.isAllGood { return "\(words.allGood): \(signals)" }
        let grave = report.findings.count { $0.severity == .bad }
        return "\(words.findings): \(grave == 0 ? report.findings.count : grave). \(signals)"
    }
}
