import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Synchronization
import Testing

/// When the link tries again, and what a broker may ask of it.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"))
struct ReconnectTests {
    @Test func `T10: a pause of five minutes ends when the clock is set`() async throws {
        let port = try await withBroker { $0.port }
        let offset = Mutex(Duration.zero)
        let timing = MQTTTiming(
            connectTimeout: .seconds(3), acknowledgementTimeout: .seconds(1), firstPause: .seconds(300),
            longestPause: .seconds(300))
        let link = MQTTLink(settings: try settings(port: port), timing: timing) { offset.withLock { $0 } }
        try await withLink(link) { events in
            let error = try await events.disconnected()
            #expect(error.kind == .refused)
            try await withBroker(port: port) { _ in
                offset.withLock { $0 = .seconds(56 * 365 * 86_400) }
                try await events.connected()
            }
        }
    }

    @Test(arguments: [nil, TLSSettings()])
    func `P71: a broker that is not there is told as refused, with TLS as without it`(_ tls: TLSSettings?) async throws
    {
        let port = try await withBroker { $0.port }
        try await withLink(MQTTLink(settings: try settings(port: port, tls: tls), timing: .quick)) { events in
            for _ in 0..<3 {
                let error = try await events.disconnected()
                #expect(error.kind == .refused)
            }
        }
    }

    @Test func `U24: a broker that wants to hear from us more often does`() async throws {
        try await withBroker(configuration: ["max_keepalive 10", "max_inflight_messages 1"]) { broker in
            let link = MQTTLink(settings: try settings(port: broker.port, keepalive: .seconds(60)), timing: .quick)
            try await withLink(link) { events in
                #expect(try await events.connected().receiveMaximum == 1)
                // The broker would end it after 15 s. This is the wait under test, not a wait for luck.
                try await ContinuousClock().sleep(for: .seconds(17))
                let token = try await link.publish(message("hello"))
                guard case .acknowledged(token) = try await events.next() else {
                    Issue.record("the connection did not last")
                    return
                }
            }
        }
    }
}
