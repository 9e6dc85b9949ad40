import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

/// What the broker may say, and what the link makes of it.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"))
struct BrokerAnswerTests {
    @Test func `the limits of the broker are reported`() async throws {
        try await withBroker(configuration: ["max_packet_size 2000", "max_inflight_messages 7"]) { broker in
            try await withLink(try link(broker.port)) { events in
                let facts = try await events.connected()
                #expect(facts == ConnectionFacts(maximumPacketSize: 2_000, receiveMaximum: 7))
            }
        }
    }

    @Test func `U12: a message too large for the broker is refused, and the largest that fits is not`() async throws {
        try await withBroker(configuration: ["max_packet_size 2000"]) { broker in
            let link = try link(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                // Fixed header 3, topic 2 + 6, packet id 2, length of properties 1.
                for (size, fits) in [(1_986, true), (1_987, false), (1_988, false), (3_000, false), (1_986, true)] {
                    let token = try await link.publish(message(String(repeating: "x", count: size)))
                    if fits {
                        try await events.acknowledged(token)
                    } else {
                        let refusal = try await events.refused(token)
                        #expect(refusal == Refusal(reasonCode: 0x95))
                    }
                }
            }
        }
    }

    @Test func `U10: a topic we may not publish to is refused with MQTT 5`() async throws {
        try await withBroker(
            configuration: ["acl_file FOLDER/acl"], files: ["acl": "topic readwrite test/#\n"]
        ) { broker in
            let link = try link(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                let refusal = try await events.refused(try await link.publish(message("no", topic: "other/a")))
                #expect(refusal == Refusal(reasonCode: 0x87))
                #expect(!refusal.mayPass)
                try await events.acknowledged(try await link.publish(message("yes")))
            }
        }
    }

    @Test(arguments: ["", "test/#", "test/+/a", "test\u{0}/a"])
    func `a topic that cannot be is refused, and harms nothing`(_ topic: String) async throws {
        try await withBroker { broker in
            let link = try link(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                let refusal = try await events.refused(try await link.publish(message("no", topic: topic)))
                #expect(refusal == Refusal(reasonCode: 0x90))
                try await events.acknowledged(try await link.publish(message("yes")))
            }
        }
    }

    @Test func `a content type travels with MQTT 5`() async throws {
        try await withBroker { broker in
            let link = try link(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                let sent = message("{}", retain: true, contentType: "application/json")
                try await events.acknowledged(try await link.publish(sent))
                let found = try await broker.messages(1, on: "test/#", format: "%C %p")
                #expect(found == ["application/json {}"])
            }
        }
    }

    @Test func `P66: more than 1,000 messages are never in flight`() async throws {
        try await withBroker { broker in
            // An acknowledgement is only read between two calls, so a broker that is stopped keeps them all waiting.
            let link = MQTTLink(
                settings: try settings(port: broker.port), timing: MQTTTiming(acknowledgementTimeout: .seconds(30)))
            try await withLink(link) { events in
                try await events.connected()
                broker.pause()
                defer { broker.resume() }
                for number in 0..<1_000 { _ = try await link.publish(message("\(number)")) }
                let error = await #expect(throws: UplinkError.self) { try await link.publish(message("one more")) }
                #expect(error?.kind == .unavailable(code: 0x93))
            }
        }
    }

    @Test func `U14: two clients with one id do not storm the broker, and the text names the id`() async throws {
        try await withBroker { broker in
            let timing = MQTTTiming(firstPause: .milliseconds(100))
            let (one, other) = try (
                MQTTLink(settings: settings(port: broker.port), timing: timing),
                MQTTLink(settings: settings(port: broker.port), timing: timing)
            )
            try await withLink(one) { events in
                try await events.connected()
                try await withLink(other) { _ in
                    let begin = ContinuousClock.now
                    var error = try await events.disconnected()
                    for _ in 0..<3 { error = try await events.disconnected() }
                    // 0.1 + 0.2 + 0.4 s, at least half of each.
                    #expect(ContinuousClock.now - begin > .milliseconds(350))
                    #expect(error.description.contains("another client uses our client id 'koppel-test'"))
                }
            }
        }
    }

    @Test func `T07, U08: a right password lets us in, a wrong one does not and can be mended in its file`()
        async throws
    {
        try await withBroker(
            configuration: ["allow_anonymous false", "password_file FOLDER/users"], files: ["users": ""]
        ) { broker in
            // The broker reads its users when it starts, so this one only makes the file for the next.
            let users = "\(broker.folder)/users"
            _ = try await output(of: ["mosquitto_passwd", "-b", users, "box", "right"])
            try await withBroker(
                configuration: ["allow_anonymous false", "password_file \(users)"], files: ["secret": "wrong\n"]
            ) { broker in
                let secret = "\(broker.folder)/secret"
                try setMode(0o600, of: secret)
                let settings = try settings(
                    port: broker.port, user: "box", password: .file(path: secret))
                try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                    let error = try await events.disconnected()
                    #expect(error.kind == .notAuthorised(code: 0x87))
                    #expect(error.recovery == .slowly)
                    #expect(!error.description.contains("wrong\n"))
                    try write("right\n", to: secret)
                    try await events.connected()
                }
            }
        }
    }

    @Test func `A23: a password file that others can read is refused before connecting`() async throws {
        try await withBroker(files: ["secret": "right\n"]) { broker in
            let secret = "\(broker.folder)/secret"
            try setMode(0o644, of: secret)
            let settings = try settings(port: broker.port, user: "box", password: .file(path: secret))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                let error = try await events.disconnected()
                #expect(error.kind == .credentials)
                #expect(error.description.contains("chmod 600"))
                try setMode(0o600, of: secret)
                try await events.connected()
            }
        }
    }

    @Test func `a name that does not resolve is told`() async throws {
        let link = MQTTLink(settings: try settings(port: 1_883, host: "broker.invalid"), timing: .quick)
        try await withLink(link) { events in
            let error = try await events.disconnected()
            #expect(error.kind == .unknownHost)
            #expect(error.description.contains("broker.invalid"))
        }
    }

    private func link(_ port: UInt16) throws -> MQTTLink {
        MQTTLink(settings: try settings(port: port), timing: .quick)
    }
}

/// Answers that mosquitto does not give on request: `mqtt_chaos.py` gives them in its place.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"),
    .enabled(if: FaultPrograms.folder != nil, "the fault programs are not here: set KOPPEL_FAULTS"))
struct ForgedAnswerTests {
    struct Refused: CustomTestStringConvertible {
        let version: DestinationSettings.ProtocolVersion
        let code: UInt8
        let kind: UplinkError.Kind
        var testDescription: String { "\(version.rawValue): 0x\(String(code, radix: 16))" }
    }

    @Test(arguments: [
        Refused(version: .mqtt311, code: 3, kind: .unavailable(code: 3)),
        Refused(version: .mqtt311, code: 5, kind: .notAuthorised(code: 5)),
        Refused(version: .mqtt5, code: 0x86, kind: .notAuthorised(code: 0x86)),
        Refused(version: .mqtt5, code: 0x88, kind: .unavailable(code: 0x88)),
        Refused(version: .mqtt5, code: 0x89, kind: .unavailable(code: 0x89)),
        Refused(version: .mqtt5, code: 0x8A, kind: .notAuthorised(code: 0x8A)),
        Refused(version: .mqtt5, code: 0x9D, kind: .unavailable(code: 0x9D)),
    ])
    func `U08, U09: each refusal of the login has its own meaning, and passes`(_ refused: Refused) async throws {
        try await withBroker { broker in
            try await withMQTTChaos(upstream: broker.port, commands: ["fault connack rc=\(refused.code) count=1"]) {
                let settings = try settings(port: $0.port, version: refused.version)
                try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                    let error = try await events.disconnected()
                    #expect(error.kind == refused.kind)
                    try await events.connected()
                }
            }
        }
    }

    @Test(arguments: [(UInt8(0x8B), UplinkError.Kind.unavailable(code: 0x8B)), (0x8E, .takenOver)])
    func `U13: a broker that ends the connection tells why`(_ code: UInt8, _ kind: UplinkError.Kind) async throws {
        try await withBroker { broker in
            let command = "fault disconnect rc=\(code) type=PUBLISH count=1"
            try await withMQTTChaos(upstream: broker.port, commands: [command]) {
                let link = MQTTLink(settings: try settings(port: $0.port), timing: .quick)
                try await withLink(link) { events in
                    try await events.connected()
                    _ = try await link.publish(message("hello"))
                    let error = try await events.disconnected()
                    #expect(error.kind == kind)
                    try await events.connected()
                }
            }
        }
    }

    @Test func `U11: quota exceeded is a refusal that may pass`() async throws {
        try await withBroker { broker in
            try await withMQTTChaos(upstream: broker.port, commands: ["fault puback rc=0x97 count=1"]) {
                let link = MQTTLink(settings: try settings(port: $0.port), timing: .quick)
                try await withLink(link) { events in
                    try await events.connected()
                    let refusal = try await events.refused(try await link.publish(message("hello")))
                    #expect(refusal.reasonCode == 0x97)
                    #expect(refusal.mayPass)
                    try await events.acknowledged(try await link.publish(message("hello")))
                }
            }
        }
    }
}
