import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

@Suite(
    .serialized, .timeLimit(.minutes(1)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"),
    .enabled(if: FaultPrograms.folder != nil, "the fault programs are not here: set KOPPEL_FAULTS"))
struct TLSTests {
    struct Bad: CustomTestStringConvertible {
        let name: String
        let words: [String]
        var testDescription: String { name }
    }

    /// One folder of certificates for the suite: making them takes a second or two.
    static let certificates = TestCertificates()

    @Test(arguments: [DestinationSettings.ProtocolVersion.mqtt5, .mqtt311])
    func `a good certificate is accepted, and messages travel`(
        _ version: DestinationSettings.ProtocolVersion
    ) async throws {
        let folder = try await Self.certificates.folder()
        try await withTLSBroker("server", folder) { broker in
            let settings = try settings(
                port: broker.port, host: "localhost", tls: TLSSettings(caFile: "\(folder)/ca.crt"), version: version)
            let link = MQTTLink(settings: settings, timing: .quick)
            try await withLink(link) { events in
                try await events.connected()
                let text = String(repeating: "x", count: 200_000)
                for _ in 0..<5 { try await events.acknowledged(try await link.publish(message(text))) }
            }
        }
    }

    @Test(arguments: [
        Bad(name: "expired", words: ["certificate has expired", "2024"]),
        Bad(name: "not_yet", words: ["not yet valid", "clock", "2043"]),
        Bad(name: "wrong_host", words: ["not for the host", "elsewhere.invalid"]),
        Bad(name: "untrusted", words: ["unable to get local issuer certificate", "CA"]),
        Bad(name: "selfsigned", words: ["self-signed", "CA"]),
    ])
    func `T01 to T04: a bad certificate is refused, and the text says what is wrong`(_ bad: Bad) async throws {
        let folder = try await Self.certificates.folder()
        try await withTLSBroker(bad.name, folder) { broker in
            let settings = try settings(
                port: broker.port, host: "localhost", tls: TLSSettings(caFile: "\(folder)/ca.crt"))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                let error = try await events.disconnected()
                #expect(error.kind == .tls)
                #expect(error.recovery == .slowly)
                for word in bad.words { #expect(error.description.contains(word), "\(error.description)") }
            }
        }
    }

    @Test func `T05, T07: a bad client certificate is told, and a renewed one used without restart`() async throws {
        let folder = try await Self.certificates.folder()
        let more = ["require_certificate true", "cafile \(folder)/ca.crt"]
        try await withTLSBroker("server", folder, more) { broker in
            let (certificate, key) = ("\(broker.folder)/box.crt", "\(broker.folder)/box.key")
            for (path, other) in [(certificate, "client_expired.crt"), (key, "client_expired.key")] {
                try replace(path, with: "\(folder)/\(other)")
                try setMode(0o600, of: path)
            }
            let settings = try settings(
                port: broker.port, host: "localhost",
                tls: TLSSettings(
                    caFile: "\(folder)/ca.crt", certificateFile: certificate, key: .file(path: key)))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                let error = try await events.disconnected()
                #expect(error.kind == .tls)
                // With TLS 1.3 the alert comes after the handshake and may be lost in the close.
                #expect(error.description.contains("client certificate"), "\(error.description)")
                try replace(certificate, with: "\(folder)/client.crt")
                try replace(key, with: "\(folder)/client.key")
                try await events.connected()
            }
        }
    }

    @Test func `T06: a key that does not fit its certificate, or comes from the environment, is told`() async throws {
        let folder = try await Self.certificates.folder()
        try await withTLSBroker("server", folder) { broker in
            for key in [SecretReference.file(path: "\(folder)/server.key"), .environment(name: "KEY")] {
                let tls = TLSSettings(caFile: "\(folder)/ca.crt", certificateFile: "\(folder)/client.crt", key: key)
                let settings = try settings(port: broker.port, host: "localhost", tls: tls)
                try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                    let error = try await events.disconnected()
                    #expect(error.kind == .credentials)
                }
            }
        }
    }

    @Test func `TLS to a port without it, and plain MQTT to a port with it, are told apart`() async throws {
        let folder = try await Self.certificates.folder()
        try await withBroker { broker in
            let settings = try settings(port: broker.port, tls: TLSSettings(caFile: "\(folder)/ca.crt"))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                let error = try await events.disconnected()
                #expect(error.description.contains("mqtt://") || error.kind == .connectionLost, "\(error.description)")
            }
        }
        try await withTLSBroker("server", folder) { broker in
            try await withLink(MQTTLink(settings: try settings(port: broker.port), timing: .quick)) { events in
                let error = try await events.disconnected()
                #expect(error.description.contains("TLS"), "\(error.description)")
            }
        }
    }

    @Test func `T11: a CA file without certificates is told`() async throws {
        let folder = try await Self.certificates.folder()
        try await withFolder { other in
            try await withTLSBroker("server", folder) { broker in
                try replace("\(other)/ca.crt", with: "\(folder)/ca.key")
                let tls = TLSSettings(caFile: "\(other)/ca.crt")
                let settings = try settings(port: broker.port, host: "localhost", tls: tls)
                try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                    let error = try await events.disconnected()
                    #expect(error.kind == .credentials)
                    #expect(error.description.contains("\(other)/ca.crt"))
                }
            }
        }
    }

    private func withTLSBroker(
        _ name: String, _ folder: String, _ more: [String] = [], body: (Broker) async throws -> Void
    ) async throws {
        let lines = ["certfile \(folder)/\(name).crt", "keyfile \(folder)/\(name).key"]
        try await withBroker(configuration: lines + more, body: body)
    }
}
