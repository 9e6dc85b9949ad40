internal import CLibmosquitto
internal import Glibc
internal import KoppelCore

/// Puts what the broker, the library and the kernel said into words for the technician who stands there.
struct UplinkDiagnosis: Sendable {
    let destination: String
    let host: String
    let port: UInt16
    let usesTLS: Bool
    let clientID: String
    let timing: MQTTTiming
    let purpose: Purpose

    /// What the connection is for.
    enum Purpose { case delivering, listening }

    init(_ settings: DestinationSettings, timing: MQTTTiming, purpose: Purpose = .delivering) {
        self.purpose = purpose
        destination = settings.id.description
        host = settings.host
        port = settings.port
        usesTLS = settings.tls != nil
        clientID = settings.clientID
        self.timing = timing
    }

    /// "what happened" with where and what we do now; `advice` is what the reader can do.
    func error(_ kind: UplinkError.Kind, _ what: String, _ advice: String) -> UplinkError {
        var error = UplinkError(kind: kind, destination: destination, description: "")
        guard purpose == .delivering else {
            error.description = "Broker \(host):\(port): \(what). \(advice)"
            return error
        }
        let longest = error.recovery == .soon ? timing.longestPause : timing.longestSlowPause
        error.description =
            "Destination \(destination) (\(host):\(port)): \(what). Trying again, at most \(longest.components.seconds) s"
            + " apart; readings wait in the journal. \(advice)"
        return error
    }

    // MARK: Before the connection

    func lookupFailed(_ reason: String) -> UplinkError {
        error(
            .unknownHost, "the name \(host) cannot be resolved (\(reason))",
            "Check the spelling in the site file and the DNS server of this machine.")
    }

    func lookupHangs() -> UplinkError {
        error(
            .timeout, "looking up \(host) or connecting to it did not end in time",
            "Check the DNS server of this machine and the way to the broker.")
    }

    func connectFailed(_ code: Int32) -> UplinkError {
        switch code {
        case ECONNREFUSED:
            error(.refused, "connection refused", "Check that the broker runs and listens on port \(port).")
        case ETIMEDOUT:
            error(
                .timeout, "no answer to the attempt to connect",
                "Check that the broker is on, the address, and firewalls on the way.")
        case ENETUNREACH, EHOSTUNREACH:
            error(.connectionLost, "there is no way to the host (\(words(code)))", "Check cable, address and gateway.")
        case ECONNRESET:
            error(
                .connectionLost, "the other side broke off while connecting",
                "Check that port \(port) speaks MQTT \(usesTLS ? "with" : "without") TLS, and the broker's log.")
        default:
            error(.connectionLost, "connecting failed (\(words(code)))", "Check the network of this machine.")
        }
    }

    /// The library did not even begin to connect.
    func notBegun(_ result: MosquittoHandle.Result, complaints: [String], refusal: String?) -> UplinkError {
        // To a broker on the same machine the handshake may already be over.
        if let refusal { return tls(refusal) }
        if let first = complaints.first, first.hasPrefix("OpenSSL Error") { return tls(plain(first)) }
        return switch mosq_err_t(result.code) {
        case MOSQ_ERR_EAI: lookupFailed("it could be a moment ago")
        case MOSQ_ERR_ERRNO: result.errno == EPROTO ? brokenOff() : connectFailed(result.errno)
        default:
            unusable(
                "the library cannot connect (\(complaints.first ?? "code \(result.code)"))",
                "Check the TLS files of the destination.")
        }
    }

    func unusable(_ what: String, _ advice: String) -> UplinkError { error(.credentials, what, advice) }

    // MARK: The broker said no

    /// A CONNACK with a code other than 0.
    func refused(_ code: Int32, version: DestinationSettings.ProtocolVersion) -> UplinkError {
        let byte = UInt8(clamping: code)
        if version == .mqtt311, code < 0x80 {
            return switch code {
            case 1: reason(0x84)
            case 2: reason(0x85, as: byte)
            case 3: reason(0x88, as: byte)
            case 4: reason(0x86, as: byte)
            case 5: reason(0x87, as: byte)
            default: reason(byte)
            }
        }
        return reason(byte)
    }

    /// A SUBACK with a code of 0x80 or above.
    func subscriptionRefused(_ code: Int32) -> UplinkError {
        let code = UInt8(clamping: code)
        return error(
            .notAuthorised(code: code), "the broker refused a subscription (code 0x\(String(code, radix: 16)))",
            "Allow this client to subscribe, in the broker's access rules.")
    }

    /// A DISCONNECT from the broker.
    func ended(_ code: Int32) -> UplinkError { reason(UInt8(clamping: code)) }

    /// What an MQTT 5 reason code means for us. `as` is the code to report, where MQTT 3.1.1 has another number.
    private func reason(_ code: UInt8, as reported: UInt8? = nil) -> UplinkError {
        let number = reported ?? code
        let text = "(code \(reported == nil ? "0x" + String(number, radix: 16) : String(number)))"
        return switch code {
        case 0x81, 0x82:
            error(
                .protocolViolation, "the broker did not understand a packet \(text)",
                "Check that it is a broker for the MQTT version in the site file.")
        case 0x84:
            error(
                .protocolViolation, "the broker does not speak this version of MQTT \(text)",
                "Set the destination's version to the one it does speak.")
        case 0x85:
            error(
                .notAuthorised(code: number), "the broker does not accept our client id \(text)",
                "Set another client id for the destination.")
        case 0x86:
            error(
                .notAuthorised(code: number), "user name or password is wrong \(text)",
                "Correct it; the password is read again at each attempt.")
        case 0x87, 0x8C:
            error(
                .notAuthorised(code: number), "the broker does not let us in \(text)",
                "Check user, password and client certificate, and the broker's access rules.")
        case 0x88:
            error(.unavailable(code: number), "the broker is not available \(text)", "Check its state if this lasts.")
        case 0x89, 0x97, 0x9F:
            error(.unavailable(code: number), "the broker is too busy \(text)", "Check its load if this lasts.")
        case 0x8A:
            error(
                .notAuthorised(code: number), "the broker has banned us \(text)",
                "Ask its administrator; bans often follow too many attempts.")
        case 0x8B:
            error(.unavailable(code: number), "the broker is shutting down \(text)", "Check that it comes back.")
        case 0x8D:
            error(.timeout, "the broker heard nothing from us in time \(text)", "Check the network on the way.")
        case 0x8E:
            error(
                .takenOver, "another client connected with our client id \(text)",
                "Find it and give it another id: two agents with one id push each other out for ever.")
        case 0x95:
            error(
                .unavailable(code: number), "a message was too large for the broker \(text)",
                "Raise the broker's limit or lower batch.readings.")
        case 0x9C, 0x9D:
            error(
                .unavailable(code: number), "the broker asks us to use another server \(text)",
                "Ask its administrator for the new address and set it in the site file.")
        default:
            error(.connectionLost, "the broker ended the connection \(text)", "Check the broker's log.")
        }
    }

    // MARK: The connection broke

    func noAnswer() -> UplinkError {
        error(
            .timeout, "connected, but \(usesTLS ? "the TLS handshake or the login" : "the login") got no answer",
            "Check that a broker listens on port \(port)\(usesTLS ? " and speaks TLS there" : " without TLS").")
    }

    func silent(for limit: Duration) -> UplinkError {
        error(
            .timeout, "the broker has been silent for \(limit.components.seconds) s, pings included",
            "Check the network on the way.")
    }

    func acknowledgementMissing() -> UplinkError {
        error(
            .timeout, "the broker did not acknowledge a message in time",
            "Check its load and the network; the message is sent again.")
    }

    /// The broker closed the connection right after the TLS handshake: with TLS 1.3 that is how it refuses a client
    /// certificate, and its alert may be lost on the way. libmosquitto says EPROTO then.
    private func brokenOff() -> UplinkError {
        tls("the broker broke off right after the handshake, without an alert")
    }

    /// What answered does not begin like MQTT; `nil` if it does.
    func notMQTT(_ first: [UInt8]) -> UplinkError? {
        // CONNACK, DISCONNECT and AUTH are all that a broker may begin with.
        guard let byte = first.first, ![0x20, 0xE0, 0xF0].contains(byte) else { return nil }
        if first.starts(with: Array("HTTP".utf8)) {
            return error(
                .protocolViolation, "it answered with HTTP",
                "Is there a login page (captive portal) or a proxy between us and the broker, or is this a web server?")
        }
        if byte == 0x15 || byte == 0x16 {
            return error(.protocolViolation, "it answered with TLS", "Use mqtts:// in the site file.")
        }
        return error(.protocolViolation, "what answered does not speak MQTT", "Check host and port.")
    }

    /// A call of the library failed, or the socket closed.
    /// `accepted` is true if the broker had accepted us.
    func failed(_ result: MosquittoHandle.Result, complaints: [String], accepted: Bool, refusal: String?) -> UplinkError
    {
        let openSSL = complaints.filter { $0.hasPrefix("OpenSSL Error") }
        if let refusal { return tls(refusal) }
        if let first = openSSL.first { return tls(plain(first)) }
        switch mosq_err_t(result.code) {
        case MOSQ_ERR_TLS: return tls(complaints.first ?? "the TLS handshake failed")
        case MOSQ_ERR_PROTOCOL, MOSQ_ERR_MALFORMED_PACKET:
            return error(.protocolViolation, "a packet made no sense", "Check host and port, and what is between.")
        case MOSQ_ERR_KEEPALIVE: return error(.timeout, "the ping got no answer", "Check the network on the way.")
        case MOSQ_ERR_ERRNO where result.errno == EPROTO && !accepted: return brokenOff()
        case MOSQ_ERR_ERRNO where result.errno != 0:
            return error(
                .connectionLost, "the connection broke (\(words(result.errno)))", "Check the network and the broker.")
        default:
            return accepted
                ? error(
                    .connectionLost, "the broker closed the connection",
                    "Check the broker's log.")
                : error(
                    .connectionLost, "the broker closed the connection before it answered",
                    "Check the broker's log and that port \(port) speaks MQTT \(usesTLS ? "with" : "without") TLS.")
        }
    }

    /// The broker accepted us and closed the connection soon after, so many times in a row.
    func droppedAgain(_ times: Int, _ error: UplinkError) -> UplinkError {
        self.error(
            error.kind, "the broker accepted us and closed the connection soon after, \(times) times in a row",
            "Probably another client uses our client id '\(clientID)': find it and give it another one.")
    }

    /// What OpenSSL says when the two sides have no version or no cipher in common.
    private static let oldTLS = [
        "protocol version", "unsupported protocol", "no protocols available", "handshake failure", "no shared cipher",
        "no ciphers available", "insufficient security", "sigalg",
    ]

    private func tls(_ what: String) -> UplinkError {
        let advice =
            if Self.oldTLS.contains(where: what.contains) {
                "The broker offers nothing but TLS older than 1.2 or ciphers that are no longer safe: have it brought up"
                    + " to date. There is no way to allow them."
            } else if what.contains("alert") {
                "The broker refused our side: check the client certificate, its dates and its key."
            } else if what.contains("expired") {
                "Have the broker's certificate renewed."
            } else if what.contains("not yet valid") {
                "Check the clock of this machine and the certificate's dates."
            } else if what.contains("host") {
                "Use a name that is in the certificate, or have the certificate made for this host."
            } else if what.contains("wrong version") || what.contains("packet length") || what.contains("eof") {
                "Check that the port is the one with TLS; use mqtt:// for one without, in a network you trust."
            } else {
                "Check the CA file of the destination against the CA that signed the broker's certificate."
            }
        return error(.tls, "TLS: \(what)", advice)
    }

    /// `OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed` without the numbers.
    private func plain(_ text: String) -> String { text.split(separator: ":").last.map(String.init) ?? text }

    private func words(_ errno: Int32) -> String { unsafe String(cString: strerror(errno)) }
}
