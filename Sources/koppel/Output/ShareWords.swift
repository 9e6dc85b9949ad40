internal import KoppelCore

/// What a policy says, in the words of its owner.
struct ShareWords: Sendable {
    let language: ReportWords.Language

    func say(_ english: String, _ dutch: String) -> String { language == .nl ? dutch : english }

    func joined(_ parts: [String]) -> String {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + say(" and ", " en ") + last
    }

    func kind(_ kind: SharingPolicy.Kind) -> String {
        switch kind {
        case .ownBroker: say("your own broker", "uw eigen broker")
        case .hub: say("a hub", "een hub")
        case .supplier: say("a supplier", "een leverancier")
        case .customer: say("a customer", "een klant")
        case .fieldlab: say("a fieldlab", "een fieldlab")
        case .dataSpace: say("a data space", "een dataspace")
        case .cloud: say("a cloud", "een cloud")
        }
    }

    func topicClass(_ one: SharingPolicy.TopicClass) -> String {
        switch one {
        case .meta: say("the description of the machine", "de beschrijving van de machine")
        case .value: say("the latest values", "de nieuwste waarden")
        case .batch: say("the measured series", "de meetreeksen")
        case .state: say("the state of the machine", "de toestand van de machine")
        case .event: say("events", "gebeurtenissen")
        case .alarm: say("alarms", "alarmen")
        case .oee: say("counts and running times", "aantallen en draaitijden")
        }
    }

    func function(_ function: SharingPolicy.Function) -> String {
        switch function {
        case .mean: say("the mean", "het gemiddelde")
        case .min: say("the lowest value", "de laagste waarde")
        case .max: say("the highest value", "de hoogste waarde")
        case .last: say("the last value", "de laatste waarde")
        case .delta: say("the increase", "de toename")
        case .count: say("the number of readings", "het aantal metingen")
        case .stddev: say("the spread", "de spreiding")
        }
    }

    func pseudonym(_ one: SharingPolicy.Pseudonym) -> String {
        switch one {
        case .machine: say("machine", "machine")
        case .area: say("hall", "hal")
        case .line: say("line", "lijn")
        case .cell: say("cell", "cel")
        case .nameplate: say("nameplate", "typeplaatje")
        case .operator: say("operator", "operator")
        case .order: say("order", "order")
        }
    }

    /// In whole units where it is one.
    func duration(_ duration: Duration) -> String {
        let seconds = Int(duration.inSeconds.rounded())
        let units = [
            (86_400, say("day", "dag"), say("days", "dagen")), (3_600, say("hour", "uur"), say("hours", "uur")),
            (60, say("minute", "minuut"), say("minutes", "minuten")),
        ]
        for (length, one, many) in units where seconds >= length && seconds % length == 0 {
            return "\(seconds / length) \(seconds == length ? one : many)"
        }
        return "\(seconds) \(seconds == 1 ? say("second", "seconde") : say("seconds", "seconden"))"
    }

    func moment(_ moment: Timestamp) -> String { String(moment.utcText.prefix(16)).replacing("T", with: " ") + " UTC" }

    func action(_ action: String) -> String? {
        switch action {
        case "odrl:distribute", "distribute":
            say("that the recipient does not pass the data on", "dat de ontvanger de gegevens niet doorgeeft")
        case "kpl:reidentify":
            say(
                "that the recipient does not try to find out which machine it is",
                "dat de ontvanger niet probeert te achterhalen welke machine het is")
        default: nil
        }
    }

    /// Why a destination stays closed.
    func refusal(_ refusal: PolicyRefusal) -> String {
        guard language == .nl else { return "\(refusal)" }
        return switch refusal {
        case .notUnderstood(let part, let text, _): "\(dutch(part)) `\(text)` in de overeenkomst wordt niet begrepen"
        case .noAgreement: "er is geen overeenkomst met deze partij"
        case .otherDestination(let id): "het beleid is geschreven voor de bestemming `\(id)`"
        case .otherDataset(let agreed): "de overeenkomst gaat over andere gegevens, \(agreed)"
        case .otherParty(let agreed): "de overeenkomst is met een andere partij, \(agreed)"
        case .otherRecipient(let agreed, _):
            "de overeenkomst noemt een andere ontvanger, \(agreed.joined(separator: ", "))"
        case .otherPurpose(let agreed, _):
            "de overeenkomst noemt een ander doel dan het beleid, \(agreed.joined(separator: ", "))"
        case .finerThanAgreed(let agreed, _, .some(let one), _):
            "\(topicClass(one)) laat meer zien dan de vensters van \(duration(agreed)) die zijn afgesproken"
        case .finerThanAgreed(let agreed, .some(let given), nil, _):
            "vensters van \(duration(given)) zijn fijner dan de \(duration(agreed)) die zijn afgesproken"
        case .finerThanAgreed(let agreed, nil, nil, _):
            "losse metingen zouden vertrekken, en vensters van \(duration(agreed)) zijn afgesproken"
        case .longerThanAgreed(let until, _): "het beleid loopt langer door dan afgesproken, tot \(moment(until))"
        case .earlierThanAgreed(let from, _): "het beleid begint eerder dan afgesproken, op \(moment(from))"
        case .keptLongerThanStated(.some(let agreed), _):
            "de ontvanger mag de gegevens \(duration(agreed)) bewaren, langer dan het beleid zegt"
        case .keptLongerThanStated(nil, _):
            "het beleid noemt een bewaartermijn, en de overeenkomst vraagt niemand te verwijderen"
        case .cannotEnforce(.function(let one)): "\(function(one)) kan deze versie niet berekenen"
        case .cannotEnforce(.valuesBesideWindows):
            "de nieuwste waarden zijn losse metingen, en een venster staat die niet toe"
        case .cannotEnforce(.delayOf(let one)): "\(topicClass(one)) laat zien wat nieuwer is dan de vertraging toestaat"
        }
    }

    private func dutch(_ part: PolicyRefusal.Part) -> String {
        switch part {
        case .operand: "de voorwaarde"
        case .operator: "de vergelijking"
        case .action: "de handeling"
        case .value: "de waarde"
        case .term: "de term"
        }
    }
}
