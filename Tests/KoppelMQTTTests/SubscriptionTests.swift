import Foundation
import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelMQTT

private struct ConnectionGone: Error {}

/// What a handle makes of what it subscribed to, on a real broker.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"))
struct SubscriptionTests {
    @Test func `a message arrives as it was published, and the broker says what it grants`() async throws {
        try await withBroker { broker in
            try await publish(to: broker, "-t", "a/b", "-m", "kept", "-r", "-q", "1")
            let handle = try await connect(to: broker)
            let (result, packet) = handle.subscribe("a/#", qos: 1)
            #expect(result.isGood)
            var granted: [String] = []
            var messages: [IncomingMessage] = []
            try turn(handle) {
                for case .subscribed(let packet, let code) in handle.takeItems() { granted.append("\(packet) \(code)") }
                messages += handle.takeMessages().messages
                return !messages.isEmpty && !granted.isEmpty
            }
            #expect(granted == ["\(packet) 1"])
            #expect(messages == [IncomingMessage(topic: "a/b", payload: Array("kept".utf8), qos: 1, retain: true)])
            try await publish(to: broker, "-t", "a/b/c", "-n", "-q", "0")
            try turn(handle) {
                messages += handle.takeMessages().messages
                return messages.count == 2
            }
            #expect(messages.last == IncomingMessage(topic: "a/b/c", payload: [], qos: 0))
        }
    }

    @Test(arguments: ["", "a/#/b", "a\u{0}/#"])
    func `a filter that cannot be is refused at once`(_ filter: String) async throws {
        try await withBroker { broker in
            let handle = try await connect(to: broker)
            #expect(!handle.subscribe(filter, qos: 1).0.isGood)
        }
    }

    @Test func `U25: a storm of 10,000 retained messages stays bounded, and none is lost to who takes them`()
        async throws
    {
        try await withBroker(configuration: ["max_queued_messages 0"]) { broker in
            try await retain(10_000, at: broker)
            let handle = try await connect(to: broker)
            _ = handle.subscribe("storm/#", qos: 1)
            var (found, most) = (0, 0)
            try turn(handle) {
                let (messages, lost) = handle.takeMessages()
                #expect(lost == 0)
                found += messages.count
                most = max(most, messages.count)
                return found == 10_000
            }
            #expect(most <= ConnectionInbox.maximumMessages)
        }
    }

    @Test func `U25: what nobody takes is counted as lost and not kept`() async throws {
        try await withBroker(configuration: ["max_queued_messages 0"]) { broker in
            try await retain(5_000, at: broker)
            let handle = try await connect(to: broker)
            _ = handle.subscribe("storm/#", qos: 0)
            _ = handle.subscribe("end", qos: 0)
            // The broker answers the second filter after it sent all there is on the first.
            var answers = 0
            try turn(handle) {
                for case .subscribed in handle.takeItems() { answers += 1 }
                return answers == 2
            }
            let (messages, lost) = handle.takeMessages()
            #expect(messages.count == ConnectionInbox.maximumMessages)
            #expect(messages.count + lost == 5_000)
            #expect(handle.takeMessages().lost == 0)
        }
    }

    @Test func `P72: a message too large to wait is counted and not kept`() {
        let inbox = ConnectionInbox()
        let payload = [UInt8](repeating: 0, count: ConnectionInbox.maximumBytes)
        payload.withUnsafeBytes { bytes in
            inbox.add(topic: "a", payload: bytes, qos: 1, retain: false)
            inbox.add(topic: "a", payload: .init(rebasing: bytes.dropLast()), qos: 1, retain: false)
        }
        let (messages, lost) = inbox.takeMessages()
        #expect(messages.count == 1)
        #expect(lost == 1)
    }

    /// A connected and accepted handle.
    private func connect(to broker: Broker) async throws -> MosquittoHandle {
        let settings = try settings(port: broker.port, version: .mqtt5)
        let dialler = ConnectionDialler(
            settings: settings, timing: .quick, secrets: SecretReader(),
            diagnosis: UplinkDiagnosis(settings, timing: .quick))
        let connected = try await dialler.dial(will: nil, until: .now + .seconds(5))
        guard let handle = connected.take() else { throw ConnectionGone() }
        try turn(handle) {
            handle.takeItems().contains { if case .connectAnswer(code: 0, _, _) = $0 { true } else { false } }
        }
        return handle
    }

    /// Turns the loop until something is so, for 20 s at most.
    private func turn(_ handle: borrowing MosquittoHandle, until isDone: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isDone() {
            try #require(ContinuousClock.now < deadline, "it did not happen in time")
            var descriptor = pollfd(fd: handle.socket, events: Int16(POLLIN), revents: 0)
            if handle.wantsWrite { descriptor.events |= Int16(POLLOUT) }
            poll(&descriptor, 1, 100)
            try #require(handle.write().isGood)
            guard descriptor.revents & Int16(POLLIN) != 0 else { continue }
            try #require(handle.read().isGood)
        }
    }

    private func publish(to broker: Broker, _ arguments: String...) async throws {
        _ = try await output(of: ["mosquitto_pub", "-h", "127.0.0.1", "-p", "\(broker.port)"] + arguments)
    }

    /// Leaves so many retained messages under `storm/`.
    private func retain(_ count: Int, at broker: Broker) async throws {
        let link = MQTTLink(settings: try settings(port: broker.port), timing: .quick)
        try await withLink(link) { events in
            try await events.connected()
            var last: DeliveryToken?
            for number in 0..<count {
                // QoS 0 is accepted as soon as it is written; the last message tells that all before it arrived.
                let isLast = number == count - 1
                last = try await link.publish(
                    message("\(number)", topic: "storm/\(number)", qos: isLast ? 1 : 0, retain: true))
                if number % 500 == 499, !isLast { try await events.acknowledged(try #require(last)) }
            }
            try await events.acknowledged(try #require(last))
        }
    }
}
