import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"),
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
    func `T01, T02, T03, T04: a bad certificate is refused, and the text says what is wrong`(_ bad: Bad) async throws {
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

    @Test func `T06: a key that does not fit, is encrypted or is none is told before anybody connects`() async throws {
        let folder = try await Self.certificates.folder()
        try await withFolder { other in
            let encrypted = "\(other)/encrypted.key"
            _ = try await output(of: [
                "openssl", "ec", "-in", "\(folder)/client.key", "-out", encrypted, "-aes128", "-passout", "pass:secret",
            ])
            for (certificate, key, wrong) in [
                ("client.crt", "\(folder)/client.key", nil), ("client.crt", "\(folder)/server.key", "key"),
                ("client.crt", encrypted, "key"), ("client.crt", "\(folder)/client.crt", "key"),
                ("client.key", "\(folder)/client.key", "certificate"),
            ] {
                let tls = TLSSettings(
                    caFile: "\(folder)/ca.crt", certificateFile: "\(folder)/\(certificate)", key: .file(path: key))
                let problems = TLSFiles.problems(of: tls) { _ in true }
                #expect(problems.map(\.key) == (wrong.map { [$0] } ?? []), "\(problems)")
                #expect(TLSFiles.problems(of: tls) { _ in false }.isEmpty)
            }
        }
    }

    @Test(arguments: [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"],
    ])
    func `T08, P73: a broker that offers only TLS 1.1, or only weak ciphers, is refused and told`(
        _ offers: [String]
    ) async throws {
        let folder = try await Self.certificates.folder()
        let port = freePort()
        let server =
            "exec openssl s_server -accept 127.0.0.1:\(port) -www \(offers.joined(separator: " "))"
            + " -cert '\(folder)/server.crt' -key '\(folder)/server.key' </dev/null >/dev/null"
        try await withChildProcess(["sh", "-c", server]) { _ in
            let settings = try settings(port: port, host: "localhost", tls: TLSSettings(caFile: "\(folder)/ca.crt"))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                // The server may need a moment before it listens.
                let error = try await events.first { event -> UplinkError? in
                    guard case .disconnected(let error) = event, error.kind != .refused else { return nil }
                    return error
                }
                #expect(error.kind == .tls)
                #expect(error.description.contains("older than 1.2"), "\(error.description)")
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

    @Test func `T11: a CA file without certificates is told, and one with two of them works`() async throws {
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
                #expect(TLSFiles.problems(of: tls) { _ in true }.map(\.key) == ["ca"])
                try join(["\(folder)/other_ca.crt", "\(folder)/ca.crt"], to: "\(other)/both.crt")
                let two = TLSSettings(caFile: "\(other)/both.crt")
                #expect(TLSFiles.problems(of: two) { _ in true }.isEmpty)
                let link = MQTTLink(
                    settings: try KoppelMQTTTests.settings(port: broker.port, host: "localhost", tls: two),
                    timing: .quick)
                try await withLink(link) { _ = try await $0.connected() }
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
