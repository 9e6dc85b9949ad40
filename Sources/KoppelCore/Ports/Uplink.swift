/// A message ready to publish.
package struct OutgoingMessage: Hashable, Sendable {
    package var topic: String
    package var payload: [UInt8]
    /// 0 or 1.
    package var qos: UInt8
    package var retain: Bool
    /// The MQTT 5 content type; left out on 3.1.1.
    package var contentType: String?
    /// What is in it; `nil` where nobody writes that down.
    package var content: MessageContent?

    package init(topic: String, payload: [UInt8], qos: UInt8 = 1, retain: Bool, contentType: String? = nil) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.contentType = contentType
    }
}

/// Names one handed-over message within one connection.
package struct DeliveryToken: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What an uplink tells of, in the order it happened.
package enum UplinkEvent: Sendable {
    /// Connected and accepted. Nothing of an earlier connection is in flight any more.
    case connected(ConnectionFacts)
    /// The connection is gone or could not be made. Everything handed over and not acknowledged has to be sent again.
    case disconnected(UplinkError)
    /// The broker took responsibility for the message.
    case acknowledged(DeliveryToken)
    /// The broker refused the message.
    case refused(DeliveryToken, Refusal)
    /// The broker brought a message for a subscription.
    case received(IncomingMessage)
}

/// What one connection is made with.
package struct UplinkTerms: Hashable, Sendable {
    /// The broker publishes it when the connection breaks.
    package var will: OutgoingMessage?
    /// Subscribed with QoS 1 before anything is published; at most 64. A broker that refuses one is no use.
    package var filters: [String]
    /// With MQTT 5 the broker is asked to publish the will at an orderly end as well (reason code 0x04).
    package var endsWithWill: Bool

    package init(will: OutgoingMessage? = nil, filters: [String] = [], endsWithWill: Bool = false) {
        self.will = will
        self.filters = filters
        self.endsWithWill = endsWithWill
    }
}

package struct ConnectionFacts: Hashable, Sendable {
    /// The largest packet the broker takes, in bytes; `nil` if it named none.
    package var maximumPacketSize: Int?
    /// The most unacknowledged messages the broker takes; `nil` if it named none.
    package var receiveMaximum: Int?

    package init(maximumPacketSize: Int? = nil, receiveMaximum: Int? = nil) {
        self.maximumPacketSize = maximumPacketSize
        self.receiveMaximum = receiveMaximum
    }
}

/// Why a broker refused one message.
package struct Refusal: Hashable, Sendable {
    /// The MQTT 5 reason code of the PUBACK, or 0x95 where the message was too large to be handed over.
    package var reasonCode: UInt8

    package init(reasonCode: UInt8) { self.reasonCode = reasonCode }

    /// The message is larger than the broker takes.
    package static let packetTooLarge: UInt8 = 0x95

    /// True if sending the same message again later may help: quota exceeded (0x97), or an unspecified or
    /// implementation specific error (0x80, 0x83).
    package var mayPass: Bool { [0x80, 0x83, 0x97].contains(reasonCode) }

    /// The broker says that its quota is used up (0x97), which has to do with the time and not with the message.
    package var isQuota: Bool { reasonCode == 0x97 }
}

/// A way to one broker.
///
/// It owns the connection: it reconnects by itself with backoff and jitter for as long as ``run(_:)`` runs.
package protocol Uplink: Sendable {
    /// The thread the connection works on, if it has one. Work that runs with it as task executor preference reaches
    /// the connection without changing threads.
    var executor: (any TaskExecutor)? { get }

    /// Keeps the connection until the task is cancelled, then publishes the will and disconnects in order. `onEvent` is
    /// called for each event in order and must not block. The broker publishes the will when the connection breaks.
    ///
    /// `terms` is asked before each attempt, and told whether the attempt before in this run got as far as CONNECT.
    /// Throws only what no reconnect can mend.
    func run(
        terms: @escaping @Sendable (_ connectWasSent: Bool) async -> UplinkTerms,
        onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError)

    /// Hands a message to the connection.
    ///
    /// At most the window of the destination may be handed over and unacknowledged; the caller keeps to it. With QoS 0
    /// the acknowledgement comes when the message was written to the socket.
    /// - Throws: ``UplinkError/Kind/notConnected`` while there is no connection; the message was not kept.
    func publish(_ message: OutgoingMessage) async throws(UplinkError) -> DeliveryToken
}

extension Uplink {
    package var executor: (any TaskExecutor)? { nil }

    /// As ``run(terms:onEvent:)`` with the same will for each connection.
    package func run(
        will: OutgoingMessage?, onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError) {
        try await run(terms: { _ in UplinkTerms(will: will) }, onEvent: onEvent)
    }
}

/// What went wrong with an uplink: which destination, what the broker or the network said, and what now.
package struct UplinkError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case notConnected
        case refused
        case unknownHost
        /// The network or the broker ended the connection.
        case connectionLost
        /// The broker did not answer in time: connect, ping or acknowledgement.
        case timeout
        /// The broker said no to the login; its reason code.
        case notAuthorised(code: UInt8)
        /// The broker is there and does not want us now; its reason code.
        case unavailable(code: UInt8)
        /// Another client took over our client id.
        case takenOver
        case tls
        /// What answered does not speak MQTT.
        case protocolViolation
        /// A secret or file named in the configuration cannot be read.
        case credentials
    }

    package enum Recovery: Hashable, Sendable {
        /// Reconnect with the usual backoff (up to 30 s).
        case soon
        /// A person has to change something; try again slowly (up to 5 min).
        case slowly
    }

    package var kind: Kind
    package var destination: String
    /// What happened, what we do now, and what you can do, in a sentence.
    package var description: String

    package init(kind: Kind, destination: String, description: String) {
        self.kind = kind
        self.destination = destination
        self.description = description
    }

    package var recovery: Recovery {
        switch kind {
        case .notConnected, .refused, .unknownHost, .connectionLost, .timeout, .unavailable: .soon
        case .notAuthorised, .takenOver, .tls, .protocolViolation, .credentials: .slowly
        }
    }
}
