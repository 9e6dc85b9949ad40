import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

/// What every uplink promises, whatever it is made of. Each implementation runs all of it.
struct UplinkConformance: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// An uplink to a broker on this port of loopback.
    let make: @Sendable (_ port: UInt16) throws -> any Uplink

    static let implementations = [
        UplinkConformance(testDescription: "MQTT 5") {
            MQTTLink(settings: try settings(port: $0), timing: .quick)
        },
        UplinkConformance(testDescription: "MQTT 3.1.1") {
            MQTTLink(settings: try settings(port: $0, version: .mqtt311), timing: .quick)
        },
        UplinkConformance(testDescription: "MQTT 5, by name") {
            MQTTLink(settings: try settings(port: $0, host: "localhost"), timing: .quick)
        },
    ]
}

@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"))
struct UplinkConformanceTests {
    @Test(arguments: UplinkConformance.implementations)
    func `a message arrives, and is acknowledged once`(_ implementation: UplinkConformance) async throws {
        try await withBroker { broker in
            let link = try implementation.make(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                let token = try await link.publish(message("hello", retain: true))
                try await events.acknowledged(token)
                #expect(try await broker.messages(1, on: "test/#") == ["test/a 1 hello"])
                let second = try await link.publish(message("again"))
                #expect(second != token)
                guard case .acknowledged(second) = try await events.next() else {
                    Issue.record("something else came before the acknowledgement")
                    return
                }
            }
        }
    }

    @Test(arguments: UplinkConformance.implementations)
    func `QoS 0 is acknowledged when it is written`(_ implementation: UplinkConformance) async throws {
        try await withBroker { broker in
            let link = try implementation.make(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                try await events.acknowledged(try await link.publish(message("hello", qos: 0, retain: true)))
                #expect(try await broker.messages(1, on: "test/#") == ["test/a 0 hello"])
            }
        }
    }

    @Test(arguments: UplinkConformance.implementations)
    func `U29, P67: nothing is taken while there is no connection`(_ implementation: UplinkConformance) async throws {
        let link = try implementation.make(freePort())
        @Sendable func tryToPublish() async -> UplinkError.Kind? {
            do throws(UplinkError) {
                _ = try await link.publish(message("lost?"))
                return nil
            } catch {
                return error.kind
            }
        }
        #expect(await tryToPublish() == .notConnected)
        try await withLink(link) { events in
            let error = try await events.disconnected()
            #expect(error.kind == .refused)
            #expect(await tryToPublish() == .notConnected)
        }
        #expect(await tryToPublish() == .notConnected)
    }

    @Test(arguments: UplinkConformance.implementations)
    func `U01, U16: a broker that comes late or is restarted is found again`(
        _ implementation: UplinkConformance
    ) async throws {
        let port = freePort()
        let link = try implementation.make(port)
        try await withLink(link) { events in
            let error = try await events.disconnected()
            #expect(error.kind == .refused)
            var seen: Set<DeliveryToken> = []
            for _ in 0..<2 {
                try await withBroker(port: port) { _ in
                    try await events.connected()
                    let token = try await link.publish(message("hello"))
                    #expect(seen.insert(token).inserted)
                    try await events.acknowledged(token)
                }
                _ = try await events.disconnected()
            }
        }
    }

    @Test(arguments: UplinkConformance.implementations)
    func `what the will says is said by the link itself when it is stopped`(
        _ implementation: UplinkConformance
    ) async throws {
        let will = message("offline", topic: "will/a", retain: true)
        try await withBroker { broker in
            let link = try implementation.make(broker.port)
            try await withLink(link, will: will) { _ = try await $0.connected() }
            #expect(try await broker.messages(1, on: "will/#") == ["will/a 1 offline"])
        }
    }

    @Test(arguments: UplinkConformance.implementations)
    func `many messages are acknowledged, each once`(_ implementation: UplinkConformance) async throws {
        try await withBroker { broker in
            let link = try implementation.make(broker.port)
            try await withLink(link) { events in
                try await events.connected()
                var waiting: Set<DeliveryToken> = []
                for number in 0..<500 {
                    waiting.insert(try await link.publish(message("\(number)")))
                    while waiting.count > 20 {
                        let token = try await events.first {
                            if case .acknowledged(let token) = $0 { token } else { nil }
                        }
                        #expect(waiting.remove(token) != nil)
                    }
                }
                while !waiting.isEmpty {
                    let token = try await events.first { if case .acknowledged(let token) = $0 { token } else { nil } }
                    #expect(waiting.remove(token) != nil)
                }
            }
        }
    }
}
