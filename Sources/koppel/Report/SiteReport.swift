internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// What a commissioning report says, before it becomes text or a page.
struct SiteReport {
    struct Finding: Encodable {
        enum Severity: String, Encodable { case bad, warning }

        var severity: Severity
        var place: String
        var sentence: String
        var advice: String
    }

    let survey: SiteSurvey
    let words: ReportWords
    /// Worst first.
    let findings: [Finding]
    /// Published signals, helpers aside.
    let signals: Int
    let goodSignals: Int

    /// - Parameters:
    ///   - survey: What the machines said.
    ///   - issues: What loading the site file said.
    ///   - language: Of the report; sentences of errors stay English.
    init(_ survey: SiteSurvey, issues: [ConfigIssue], language: ReportWords.Language) {
        let words = ReportWords(language)
        self.survey = survey
        self.words = words
        var findings = survey.buses.flatMap { Self.findings($0, words) }
        findings += survey.machines.flatMap { Self.findings($0, words) }
        findings += issues.map {
            Finding(severity: .warning, place: $0.path, sentence: $0.sentence, advice: $0.hint ?? "")
        }
        self.findings = findings.filter { $0.severity == .bad } + findings.filter { $0.severity == .warning }
        let shown = survey.machines.flatMap { Self.shown($0) }
        signals = survey.machines.reduce(0) { $0 + $1.settings.points.count { $0.published } }
        goodSignals = shown.count { $0.decoded.condition.quality == .good }
    }

    var isGood: Bool { !findings.contains { $0.severity == .bad } }

    /// True if nothing is bad and nothing is doubted: a simulated machine is never good.
    var isAllGood: Bool { isGood && goodSignals == signals }

    /// The signals of a machine that a report lists: those that are published.
    static func shown(_ machine: SiteSurvey.Machine) -> [LiveReader.SignalNow] {
        machine.now?.signals.filter { !$0.isHelper } ?? []
    }

    private static func findings(_ bus: SiteSurvey.Bus, _ words: ReportWords) -> [Finding] {
        let place = "\(words.bus) \(bus.settings.id)"
        var findings: [Finding] = []
        if let failure = bus.failure {
            findings.append(
                Finding(severity: .bad, place: place, sentence: words.busClosed, advice: failure.plainText))
        }
        if let headroom = bus.headroom, headroom < 0.5 {
            findings.append(
                Finding(severity: .warning, place: place, sentence: words.tight, advice: words.tightAdvice))
        }
        guard let plan = bus.plan else { return findings }
        findings += plan.problems.map {
            Finding(severity: .bad, place: place, sentence: $0, advice: words.planAdvice)
        }
        if plan.verdict != .fits {
            let sentence = words.planned(words.verdict(plan.verdict), PlainText.percent(plan.load))
            findings.append(
                Finding(
                    severity: plan.verdict == .doesNotFit ? .bad : .warning, place: place, sentence: sentence,
                    advice: plan.waysOut.first ?? words.planAdvice))
        }
        return findings
    }

    private static func findings(_ machine: SiteSurvey.Machine, _ words: ReportWords) -> [Finding] {
        let place = machine.settings.id.description
        var counts: [Condition: Int] = [:]
        for signal in shown(machine) { counts[signal.decoded.condition, default: 0] += 1 }
        var findings = counts.filter { $0.key.quality != .good }.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            condition, count in
            let reason = condition.reason ?? ""
            let quality = condition.quality == .bad ? words.bad : words.uncertain
            return Finding(
                severity: condition.quality == .bad ? .bad : .warning, place: place,
                sentence: words.badSignals(count, quality, reason: reason), advice: words.advice(for: reason))
        }
        if machine.settings.profile.confidence != .high, machine.settings.profile.confidence != .medium {
            findings.append(
                Finding(severity: .warning, place: place, sentence: words.weakProfile, advice: words.weakAdvice))
        }
        return findings
    }
}
