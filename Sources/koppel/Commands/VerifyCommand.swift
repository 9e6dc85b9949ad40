internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelCore
internal import Synchronization

/// Listens as a hub would and says whether every reading arrived or was declared missing.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Listens to a broker as a hub would, and says per signal what is complete and what is missing.",
        discussion: """
            Runs anywhere that reaches the broker, not only beside an agent. It judges the batches that come while it \
            listens: each reading has a number, so what is missing shows, and what the agent declared missing is listed \
            with its reason. Ends with 0 if every reading is here or was declared missing, with 1 if one is missing \
            without a word, came with two contents or too late, or nothing came at all, and with 69 if the broker \
            cannot be reached.

            Example: koppel verify --broker mqtt://broker.example --topic 'kpl/v1/acme/#' --for 60s
            """)

    @Option(help: ArgumentHelp("The broker: mqtt://HOST[:PORT] or mqtts://HOST[:PORT].", valueName: "url"))
    var broker: String

    @Option(help: ArgumentHelp("What to listen to.", valueName: "filter"))
    var topic = "kpl/v1/#"

    @Option(help: ArgumentHelp("The user at the broker.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The file with the password, which nobody else may read.", valueName: "file"))
    var passwordFile: String?

    @Option(
        help: ArgumentHelp("The CA that signed the broker's certificate; the system's by default.", valueName: "file"))
    var ca: String?

    @Option(help: ArgumentHelp("Our certificate, if the broker wants one.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The key of our certificate.", valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("for"), help: ArgumentHelp("How long to listen; until Ctrl-C without it.", valueName: "time"))
    var limit: GivenDuration?

    @Flag(
        help: "End as soon as nothing is missing any more and 5 s brought nothing that had waited; --for is the limit.")
    var untilComplete = false

    @Flag(help: "Write one JSON document.")
    var json = false

    func validate() throws {
        _ = try address()
        if (cert == nil) != (key == nil) { throw ValidationError("Give --cert and --key together, or neither.") }
    }

    func run() async throws {
        CommandStart.begin()
        let verification = BrokerVerification(try address(), topic: topic)
        let begun = ContinuousClock.now
        let held = Mutex<BrokerVerification.Outcome?>(nil)
        let ending: BrokerVerification.Ending = untilComplete ? .complete : .cancelled
        let place = "\(broker), '\(topic)'"
        await StopSignals.run(for: limit?.duration) {
            let outcome = await verification.run(until: ending) {
                Streams.tell("Listening to \(place) …")
            } progress: { account in
                Progress.step(
                    "\(account.readings) readings of \(account.signals.count) signals, \(account.missing) missing")
            }
            held.withLock { $0 = outcome }
        }
        Progress.endSteps()
        guard let outcome = held.withLock({ $0 }) else { throw ExitStatus.unavailable }
        if let failure = outcome.failure { Streams.complain("\(failure)") }
        if outcome.failure == nil || outcome.account.messages > 0 {
            let text = VerifyText(
                account: outcome.account, broker: broker, topic: topic, elapsed: ContinuousClock.now - begun)
            try Streams.write(json ? JSONDocument.text(text.document) : text.rendered(.current()))
        }
        if outcome.failure != nil { throw ExitStatus.unavailable }
        guard outcome.account.isSound, outcome.account.readings > 0 else { throw ExitStatus.no }
    }

    private func address() throws -> BrokerVerification.Address {
        guard let url = URLComponents(string: broker), let scheme = url.scheme, ["mqtt", "mqtts"].contains(scheme),
            let host = url.host, !host.isEmpty, url.path.isEmpty || url.path == "/", url.user == nil
        else {
            throw ValidationError("'\(broker)' is no URL of a broker. Write mqtt://HOST[:PORT] or mqtts://HOST[:PORT].")
        }
        let isSecure = scheme == "mqtts"
        guard isSecure || (ca == nil && cert == nil) else {
            throw ValidationError("--ca, --cert and --key go with a mqtts:// URL.")
        }
        guard let port = UInt16(exactly: url.port ?? (isSecure ? 8_883 : 1_883)), port > 0 else {
            throw ValidationError("A port is a number from 1 to 65535.")
        }
        return BrokerVerification.Address(
            // URLComponents leaves the brackets of an IPv6 address.
            host: host.trimmingCharacters(in: ["[", "]"]), port: port,
            tls: isSecure
                ? TLSSettings(caFile: ca, certificateFile: cert, key: key.map { .file(path: $0) }) : nil,
            user: user, password: passwordFile.map { .file(path: $0) })
    }
}
