import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Synchronization
import Testing

/// What the link does for those who also listen: subscriptions, and terms that differ per connection.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"))
struct UplinkTermsTests {
    private final class Asked: Sendable {
        let answers = Mutex<[Bool]>([])
    }

    @Test(arguments: [DestinationSettings.ProtocolVersion.mqtt5, .mqtt311])
    func `what the broker has for a subscription comes as an event, and what was kept says so`(
        version: DestinationSettings.ProtocolVersion
    ) async throws {
        try await withBroker { broker in
            let link = MQTTLink(settings: try settings(port: broker.port, version: version), timing: .quick)
            let other = MQTTLink(settings: try settings(port: broker.port, clientID: "other"), timing: .quick)
            try await withLink(other) { events in
                try await events.connected()
                try await events.acknowledged(
                    try await other.publish(message("kept", topic: "in/kept", retain: true)))
                var received: [IncomingMessage] = []
                let (stream, continuation) = AsyncStream.makeStream(of: UplinkEvent.self)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await link.run(
                            terms: { _ in UplinkTerms(filters: ["in/#", "other"]) },
                            onEvent: { continuation.yield($0) })
                    }
                    var own = Events(stream)
                    try await own.connected()
                    received.append(try await own.received())
                    try await events.acknowledged(try await other.publish(message("now", topic: "in/now")))
                    try await events.acknowledged(try await other.publish(message("", topic: "other")))
                    received.append(try await own.received())
                    received.append(try await own.received())
                    group.cancelAll()
                    try await group.waitForAll()
                }
                #expect(
                    received == [
                        IncomingMessage(topic: "in/kept", payload: Array("kept".utf8), retain: true),
                        IncomingMessage(topic: "in/now", payload: Array("now".utf8)),
                        IncomingMessage(topic: "other", payload: []),
                    ])
            }
        }
    }

    @Test func `each connection is made on its own terms, and hears whether a CONNECT went before`() async throws {
        let port = freePort()
        let link = MQTTLink(settings: try settings(port: port), timing: .quick)
        let asked = Asked()
        let (stream, continuation) = AsyncStream.makeStream(of: UplinkEvent.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await link.run(
                    terms: { wasSent in
                        asked.answers.withLock { $0.append(wasSent) }
                        return UplinkTerms()
                    }, onEvent: { continuation.yield($0) })
            }
            var events = Events(stream)
            _ = try await events.disconnected()
            _ = try await events.disconnected()
            try await withBroker(port: port) { _ in _ = try await events.connected() }
            _ = try await events.disconnected()
            _ = try await events.disconnected()
            group.cancelAll()
            try await group.waitForAll()
        }
        let answers = asked.answers.withLock { $0 }
        #expect(answers.filter(\.self).count == 1, "one CONNECT left: \(answers)")
        #expect(answers.first == false)
    }

    @Test(arguments: [(DestinationSettings.ProtocolVersion.mqtt5, true), (.mqtt5, false), (.mqtt311, true)])
    func
        `tck-id-payloads-ndeath-will-message-publisher, tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath, tck-id-operational-behavior-edge-node-intentional-disconnect-packet, tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt311, tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50: at an orderly end the will comes from the link, and with MQTT 5 also from the broker`(
            version: DestinationSettings.ProtocolVersion, endsWithWill: Bool
        ) async throws
    {
        try await withBroker { broker in
            let other = MQTTLink(settings: try settings(port: broker.port, clientID: "other"), timing: .quick)
            let (heard, hear) = AsyncStream.makeStream(of: UplinkEvent.self)
            let link = MQTTLink(settings: try settings(port: broker.port, version: version), timing: .quick)
            let (stream, continuation) = AsyncStream.makeStream(of: UplinkEvent.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await other.run(terms: { _ in UplinkTerms(filters: ["will/w"]) }, onEvent: { hear.yield($0) })
                }
                var others = Events(heard)
                try await others.connected()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await link.run(
                            terms: { _ in
                                UplinkTerms(will: message("gone", topic: "will/w"), endsWithWill: endsWithWill)
                            }, onEvent: { continuation.yield($0) })
                    }
                    var events = Events(stream)
                    try await events.connected()
                    group.cancelAll()
                    try await group.waitForAll()
                }
                // The broker may learn of the end after it has taken what others say.
                let wills = endsWithWill && version == .mqtt5 ? ["gone", "gone"] : ["gone"]
                var texts: [String] = []
                for _ in wills { texts.append(String(decoding: try await others.received().payload, as: UTF8.self)) }
                _ = try await other.publish(message("end", topic: "will/w"))
                texts.append(String(decoding: try await others.received().payload, as: UTF8.self))
                #expect(texts == wills + ["end"])
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}

extension UplinkTermsTests {
    @Test(arguments: [DestinationSettings.ProtocolVersion.mqtt5, .mqtt311])
    func
        `tck-id-principles-persistence-clean-session-50, tck-id-principles-persistence-clean-session-311: nothing is kept for us while we are away`(
            version: DestinationSettings.ProtocolVersion
        ) async throws
    {
        try await withBroker { broker in
            let other = MQTTLink(settings: try settings(port: broker.port, clientID: "other"), timing: .quick)
            try await withLink(other) { others in
                try await others.connected()
                for text in ["first", "second"] {
                    let link = MQTTLink(settings: try settings(port: broker.port, version: version), timing: .quick)
                    let (stream, continuation) = AsyncStream.makeStream(of: UplinkEvent.self)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            try await link.run(
                                terms: { _ in UplinkTerms(filters: ["in/#"]) }, onEvent: { continuation.yield($0) })
                        }
                        var events = Events(stream)
                        try await events.connected()
                        // What we publish ourselves comes after the broker has taken our subscription.
                        let token = try await link.publish(message(text, topic: "in/own"))
                        #expect(try await events.received().payload == Array(text.utf8))
                        try await events.acknowledged(token)
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                    try await others.acknowledged(try await other.publish(message("missed", topic: "in/missed")))
                }
            }
        }
    }
}

extension Events {
    mutating func received() async throws -> IncomingMessage {
        try await first { if case .received(let message) = $0 { message } else { nil } }
    }
}
