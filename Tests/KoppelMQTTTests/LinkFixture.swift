import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

extension MQTTTiming {
    /// Short enough for tests, long enough for a busy machine.
    static let quick = MQTTTiming(
        connectTimeout: .seconds(3), acknowledgementTimeout: .seconds(1), firstPause: .milliseconds(20),
        longestPause: .milliseconds(200), firstSlowPause: .milliseconds(50), longestSlowPause: .milliseconds(500),
        stableAfter: .seconds(5), disconnectTimeout: .seconds(1))
}

func settings(
    port: UInt16, host: String = "127.0.0.1", tls: TLSSettings? = nil, user: String? = nil,
    password: SecretReference? = nil, clientID: String = "koppel-test",
    version: DestinationSettings.ProtocolVersion = .mqtt5, keepalive: Duration = .seconds(30)
) throws -> DestinationSettings {
    DestinationSettings(
        id: try #require(Identifier("plant")), host: host, port: port, tls: tls, user: user, password: password,
        clientID: clientID, version: version, publish: [.values], share: .all, keepalive: keepalive)
}

func message(
    _ text: String, topic: String = "test/a", qos: UInt8 = 1, retain: Bool = false, contentType: String? = nil
) -> OutgoingMessage {
    OutgoingMessage(topic: topic, payload: Array(text.utf8), qos: qos, retain: retain, contentType: contentType)
}

/// The events of a running link, one after the other.
struct Events {
    private var iterator: AsyncStream<UplinkEvent>.Iterator

    init(_ stream: AsyncStream<UplinkEvent>) { iterator = stream.makeAsyncIterator() }

    /// The next event, whatever it is.
    mutating func next() async throws -> UplinkEvent {
        let event = await iterator.next(isolation: #isolation)
        return try #require(event, "the link ended")
    }

    /// Passes events until one is the one.
    mutating func first<Value>(_ pick: (UplinkEvent) -> Value?) async throws -> Value {
        while true {
            if let value = pick(try await next()) { return value }
        }
    }

    @discardableResult
    mutating func connected() async throws -> ConnectionFacts {
        try await first { if case .connected(let facts) = $0 { facts } else { nil } }
    }

    mutating func disconnected() async throws -> UplinkError {
        try await first { if case .disconnected(let error) = $0 { error } else { nil } }
    }

    mutating func acknowledged(_ token: DeliveryToken) async throws {
        try await first { if case .acknowledged(token) = $0 { () } else { nil } }
    }

    mutating func refused(_ token: DeliveryToken) async throws -> Refusal {
        try await first { if case .refused(token, let refusal) = $0 { refusal } else { nil } }
    }
}

/// Runs a link while `body` runs, then cancels it and waits for its end.
func withLink<Value: Sendable>(
    _ link: some Uplink, will: OutgoingMessage? = nil,
    body: (inout Events) async throws -> Value
) async throws -> Value {
    let (stream, continuation) = AsyncStream.makeStream(of: UplinkEvent.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await link.run(will: will) { continuation.yield($0) }
            continuation.finish()
        }
        var events = Events(stream)
        let value = try await body(&events)
        group.cancelAll()
        try await group.waitForAll()
        return value
    }
}
