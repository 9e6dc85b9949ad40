internal import KoppelAgent
internal import KoppelCore

/// One destination as its owner reads it: who gets what, how fine, for what purpose and for how long.
struct ShareText {
    let destination: DestinationSettings
    let site: Site
    let words: ShareWords
    let now: Timestamp

    init(destination: DestinationSettings, site: Site, language: ReportWords.Language, now: Timestamp) {
        self.destination = destination
        self.site = site
        words = ShareWords(language: language)
        self.now = now
    }

    static func nothing(_ language: ReportWords.Language) -> String {
        ShareWords(language: language).say(
            "Nothing leaves: the site file names no destination.\n",
            "Er vertrekt niets: het sitebestand noemt geen bestemming.\n")
    }

    /// Why nothing leaves, if nothing does.
    private var closed: [String] {
        switch destination.share {
        case .all: return []
        case .missingPolicy(let path): return [say("there is no policy \(path)", "er is geen beleid \(path)")]
        case .policy(let policy):
            var reasons = policy.refusals.map { "\(words.refusal($0)) (\($0.path))" }
            if now < policy.enforcement.validFrom {
                reasons.append(say("the policy has not begun yet", "het beleid is nog niet ingegaan"))
            }
            if now >= policy.enforcement.validUntil {
                reasons.append(say("the policy has run out", "het beleid is verlopen"))
            }
            return reasons
        }
    }

    var isClosed: Bool { !closed.isEmpty }

    func rendered(_ style: TerminalStyle) -> String {
        let broker = "\(destination.tls == nil ? "mqtt" : "mqtts")://\(destination.host):\(destination.port)"
        var text = style.paint(DisplayWidth.harmless("\(destination.id) (\(broker))"), .strong) + "\n"
        for reason in closed {
            text +=
                "  " + style.paint(say("CLOSED, nothing leaves", "GESLOTEN, er vertrekt niets"), .bad)
                + DisplayWidth.harmless(": \(reason)") + "\n"
        }
        for (name, line) in lines {
            let room = String(repeating: " ", count: max(1, 17 - name.count))
            text += "  " + style.paint(name, .faint) + room + DisplayWidth.harmless(line) + "\n"
        }
        return text
    }

    private func say(_ english: String, _ dutch: String) -> String { words.say(english, dutch) }

    private var lines: [(String, String)] {
        switch destination.share {
        case .missingPolicy: return []
        case .all:
            return [
                (say("who", "wie"), say("your own broker", "uw eigen broker")),
                (say("what", "wat"), say("everything, as it was measured", "alles, zoals het gemeten is")),
            ]
        case .policy(let policy): return lines(policy)
        }
    }

    private func lines(_ policy: SharingPolicy) -> [(String, String)] {
        let enforcement = policy.enforcement
        var lines = [(say("who", "wie"), "\(policy.party), \(words.kind(policy.kind))")]
        lines += what(policy)
        lines.append((say("how fine", "hoe fijn"), fineness(enforcement)))
        lines.append((say("under which name", "onder welke naam"), names(enforcement)))
        lines.append((say("for what", "waarvoor"), policy.purposes.joined(separator: ", ")))
        lines.append(
            (
                say("how long", "hoe lang"),
                say("is sent from ", "wordt verstuurd van ") + words.moment(enforcement.validFrom)
                    + say(" until ", " tot ")
                    + words.moment(enforcement.validUntil)
            ))
        if let rate = enforcement.maximumMessagesPerHour {
            lines.append(
                (
                    say("how much", "hoeveel"),
                    say("at most \(rate) messages an hour", "ten hoogste \(rate) berichten per uur")
                ))
        }
        lines.append(
            (
                say("kept to", "bewaakt"),
                say(
                    "all of the above; each message is written down in the audit log before it leaves",
                    "al het bovenstaande; elk bericht wordt in het auditlogboek geschreven voordat het vertrekt")
            ))
        for promise in promises(policy) {
            lines.append((say("only agreed", "alleen afspraak"), promise))
        }
        lines.append(
            (
                say("policy", "beleid"),
                "\(policy.path), " + say("version \(policy.version)", "versie \(policy.version)")
                    + (policy.agreementID.map { say(", agreement ", ", overeenkomst ") + $0 } ?? "")
            ))
        return lines
    }

    private func what(_ policy: SharingPolicy) -> [(String, String)] {
        let shared = SharedSignals(site, by: policy)
        let classes = SharingPolicy.TopicClass.allCases.filter {
            destination.publish.contains($0.publication) && policy.enforcement.classes.contains($0)
        }
        var lines = [(say("what", "wat"), words.joined(classes.map(words.topicClass)))]
        for machine in shared.machines {
            let names = machine.signals.prefix(8).map(\.description).joined(separator: ", ")
            let more = machine.signals.count - 8
            lines.append(
                (
                    say("of", "van"),
                    "\(machine.id): \(names)" + (more > 0 ? say(" and \(more) more", " en nog \(more)") : "")
                        + (machine.others > 0
                            ? say(
                                " (\(machine.others) other signals stay inside)",
                                " (\(machine.others) andere signalen blijven binnen)")
                            : "")
                ))
        }
        if shared.machines.isEmpty {
            lines.append(
                (
                    say("of", "van"),
                    say("no machine: no signal fits the policy", "geen machine: geen signaal past bij het beleid")
                ))
        }
        if shared.hidden > 0 {
            lines.append(
                (
                    say("not of", "niet van"),
                    say(
                        "\(shared.hidden) other machines, which the recipient does not hear of",
                        "\(shared.hidden) andere machines, waarvan de ontvanger niets hoort")
                ))
        }
        return lines
    }

    private func fineness(_ enforcement: SharingPolicy.Enforcement) -> String {
        var parts: [String] = []
        if let resolution = enforcement.resolution {
            parts.append(
                words.joined(resolution.functions.map(words.function)) + say(" of each ", " van elke ")
                    + words.duration(resolution.window))
            let percent = Int((resolution.minimumGoodFraction * 100).rounded())
            parts.append(
                say(
                    "marked uncertain where less than \(percent) % was measured well",
                    "als onzeker gemerkt waar minder dan \(percent) % goed gemeten is"))
        } else {
            parts.append(say("each reading", "elke meting"))
        }
        if let digits = enforcement.significantDigits {
            parts.append(say("rounded to \(digits) significant digits", "afgerond op \(digits) significante cijfers"))
        }
        if enforcement.delay > .zero {
            parts.append(
                say(
                    "\(words.duration(enforcement.delay)) old before it leaves",
                    "\(words.duration(enforcement.delay)) oud voordat het vertrekt"))
        }
        return parts.joined(separator: "; ")
    }

    private func names(_ enforcement: SharingPolicy.Enforcement) -> String {
        let hidden = SharingPolicy.Pseudonym.allCases.filter(enforcement.pseudonymise.contains)
        guard !hidden.isEmpty else { return say("under their own names", "onder hun eigen naam") }
        let list = words.joined(hidden.map(words.pseudonym))
        return say(
            "hidden or replaced by a random name for this recipient alone: \(list)",
            "verborgen of vervangen door een willekeurige naam voor alleen deze ontvanger: \(list)")
    }

    /// What nobody but the recipient can keep.
    private func promises(_ policy: SharingPolicy) -> [String] {
        var promises = [
            say(
                "that the recipient uses the data for this purpose only",
                "dat de ontvanger de gegevens alleen hiervoor gebruikt")
        ]
        if case .array(let rules)? = policy.agreement?["prohibition"] {
            promises += rules.compactMap { $0["action"]?.text.flatMap(words.action) }
        }
        if let retention = policy.enforcement.recipientRetention {
            promises.append(
                say(
                    "that the recipient deletes the data after \(words.duration(retention))",
                    "dat de ontvanger de gegevens na \(words.duration(retention)) verwijdert"))
        }
        if policy.agreement == nil { return [say("nothing: there is no agreement", "niets: er is geen overeenkomst")] }
        return promises
    }
}
