internal import ArgumentParser
internal import KoppelAgent

/// The words of a commissioning report in one language.
struct ReportWords: Sendable {
    enum Language: String, ExpressibleByArgument, CaseIterable, Sendable { case en, nl }

    let language: Language

    init(_ language: Language) { self.language = language }

    private func say(_ english: String, _ dutch: String) -> String { language == .nl ? dutch : english }

    var title: String { say("Commissioning report", "Inbedrijfstellingsrapport") }
    var allGood: String { say("All good", "Alles in orde") }
    var date: String { say("Date", "Datum") }
    var agent: String { say("Agent", "Agent") }
    var version: String { say("Version", "Versie") }
    var findings: String { say("Findings", "Bevindingen") }
    var noFindings: String { say("Nothing to report.", "Niets te melden.") }
    var place: String { say("where", "waar") }
    var finding: String { say("finding", "bevinding") }
    var advice: String { say("what to do", "wat te doen") }
    var buses: String { say("Buses", "Bussen") }
    var bus: String { say("bus", "bus") }
    var address: String { say("address", "adres") }
    var timeout: String { say("timeout", "time-out") }
    var load: String { say("load", "belasting") }
    var answers: String { say("answers", "antwoorden") }
    var headroom: String { say("headroom", "marge") }
    var machines: String { say("Machines", "Machines") }
    var manufacturer: String { say("Manufacturer", "Fabrikant") }
    var model: String { say("Model", "Type") }
    var serialNumber: String { say("Serial number", "Serienummer") }
    var unitID: String { say("Unit id", "Unit-id") }
    var profile: String { say("Profile", "Profiel") }
    var confidence: String { say("confidence", "zekerheid") }
    var notStated: String { say("not stated", "niet vermeld") }
    var location: String { say("Location", "Locatie") }
    var signal: String { say("signal", "signaal") }
    var register: String { say("register", "register") }
    var words: String { say("words", "woorden") }
    var value: String { say("value", "waarde") }
    var unit: String { say("unit", "eenheid") }
    var quality: String { say("quality", "kwaliteit") }
    var response: String { say("time", "tijd") }
    var delivery: String { say("Delivery", "Aflevering") }
    var destination: String { say("destination", "bestemming") }
    var broker: String { say("broker", "broker") }
    var publishes: String { say("publishes", "publiceert") }
    var sharing: String { say("sharing", "delen") }
    var sharesAll: String { say("everything (own broker)", "alles (eigen broker)") }
    var sharesByPolicy: String { say("by the policy", "volgens het beleid") }
    var topics: String { say("Topics", "Topics") }
    var noDestinations: String { say("No destination is set up.", "Er is geen bestemming ingesteld.") }
    var journal: String { say("Journal", "Journaal") }
    var installer: String { say("Installer", "Installateur") }
    var customer: String { say("Customer", "Klant") }
    var name: String { say("Name", "Naam") }
    var signature: String { say("Signature", "Handtekening") }
    var good: String { say("good", "goed") }
    var uncertain: String { say("uncertain", "onzeker") }
    var bad: String { say("bad", "slecht") }
    var notRead: String { say("not read", "niet gelezen") }

    func signals(_ good: Int, of all: Int) -> String {
        say("\(good) of \(all) signals are good", "\(good) van \(all) signalen zijn goed")
    }

    func holds(_ hours: String) -> String {
        say(
            "Without a destination the journal holds \(hours) of readings.",
            "Zonder bestemming bewaart het journaal \(hours) aan metingen.")
    }

    var unlimited: String { say("as long as you like", "zo lang als gewenst") }

    func badSignals(_ count: Int, _ quality: String, reason: String) -> String {
        say(
            "\(count) \(count == 1 ? "signal is" : "signals are") \(quality): \(reason)",
            "\(count) \(count == 1 ? "signaal is" : "signalen zijn") \(quality): \(reason)")
    }

    func advice(for reason: String) -> String {
        switch reason {
        case "timeout":
            say(
                "Check power, wiring, unit id and baud rate; run koppel doctor",
                "Controleer voeding, bekabeling, unit-id en baudrate; voer koppel doctor uit")
        case "gateway-target", "gateway-path":
            say(
                "The gateway answers and the device behind it does not: check its unit id, power and line",
                "De gateway antwoordt en het apparaat erachter niet: controleer unit-id, voeding en lijn")
        case "connection-refused":
            say(
                "Check address and port, and whether another master holds the connection",
                "Controleer adres en poort, en of een andere master de verbinding bezet")
        case "frame-error":
            say(
                "Noise or a second master: run koppel doctor",
                "Storing of een tweede master: voer koppel doctor uit")
        case "modbus-illegal-address", "modbus-illegal-function", "modbus-illegal-value":
            say(
                "The profile does not fit this device: check its model, or leave these signals out",
                "Het profiel past niet bij dit apparaat: controleer het type, of laat deze signalen weg")
        case "sensor-fault":
            say("The device says that its sensor is broken", "Het apparaat meldt dat zijn sensor defect is")
        case "simulated":
            say("A simulated source; not for production", "Een gesimuleerde bron; niet voor productie")
        default:
            say("Compare with the display of the device", "Vergelijk met het display van het apparaat")
        }
    }

    var busClosed: String { say("the bus could not be opened", "de bus kon niet worden geopend") }

    var tight: String {
        say(
            "slow answers leave less than half of the timeout",
            "trage antwoorden laten minder dan de helft van de time-out")
    }

    var tightAdvice: String { say("Lengthen the timeout of the bus", "Verleng de time-out van de bus") }
    var planAdvice: String { say("Run koppel check --plan", "Voer koppel check --plan uit") }

    func verdict(_ verdict: SitePlan.Verdict) -> String {
        switch verdict {
        case .fits: say("fits", "past")
        case .tight: say("tight", "krap")
        case .mayNotFit: say("may not fit", "past misschien niet")
        case .doesNotFit: say("does not fit", "past niet")
        }
    }

    func planned(_ verdict: String, _ load: String) -> String {
        say("the plan of the bus: \(verdict), load \(load)", "de planning van de bus: \(verdict), belasting \(load)")
    }

    var weakProfile: String {
        say(
            "the profile was never verified with certainty", "het profiel is nooit met zekerheid gecontroleerd")
    }

    var weakAdvice: String {
        say(
            "Compare every value with the display of the device",
            "Vergelijk elke waarde met het display van het apparaat")
    }
}
