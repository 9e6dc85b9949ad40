internal import KoppelCore

/// Remembers what was handed to the library and not yet acknowledged, and decides when to stop waiting for it.
///
/// MQTT never sends a message again on a live connection, so an acknowledgement that got lost has to end the
/// connection (fault U05). A thin line however is no fault (U18), so there is no fixed time per message. Waiting
/// ends when
/// - a message that was handed over later is acknowledged, and this one is not within the limit, or
/// - nothing moved for the limit: no acknowledgement came, and the socket took and sent no byte.
struct DeliveryWindow {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        let packet: UInt16
        let qos: UInt8
        let token: DeliveryToken
        var overtaken: Instant?
    }

    /// More messages in flight than any window may have (1,000), so that packet ids never come near a wrap.
    static let limit = 1_000
    /// Bytes in the send queue that may be pings rather than messages, and so are no sign of progress.
    private static let pingBytes = 100

    private let timeout: Duration
    private var entries: [Entry] = []
    private var lastProgress: Instant?
    private var queuedBytes = 0
    private var nextToken: UInt64 = 0

    init(timeout: Duration) { self.timeout = timeout }

    var isFull: Bool { entries.count >= Self.limit }
    var count: Int { entries.count }

    mutating func newToken() -> DeliveryToken {
        defer { nextToken += 1 }
        return DeliveryToken(rawValue: nextToken)
    }

    mutating func handedOver(_ packet: UInt16, qos: UInt8, at now: Instant) -> DeliveryToken {
        if entries.isEmpty { lastProgress = now }
        let token = newToken()
        entries.append(Entry(packet: packet, qos: qos, token: token))
        return token
    }

    /// The message with this packet id; `nil` if none is in flight (fault U07).
    mutating func acknowledged(_ packet: UInt16, at now: Instant) -> DeliveryToken? {
        guard let index = entries.firstIndex(where: { $0.packet == packet }) else { return nil }
        let entry = entries.remove(at: index)
        lastProgress = now
        // QoS 0 is done when it is written, so it says nothing about the acknowledgements of others.
        guard entry.qos > 0 else { return entry.token }
        for earlier in 0..<index where entries[earlier].qos > 0 && entries[earlier].overtaken == nil {
            entries[earlier].overtaken = now
        }
        return entry.token
    }

    /// The socket took bytes it had refused before.
    mutating func socketTookBytes(at now: Instant) { lastProgress = now }

    /// What the kernel has not yet delivered to the other side, looked at from time to time.
    mutating func sendQueue(bytes: Int, at now: Instant) {
        if queuedBytes > Self.pingBytes, bytes < queuedBytes { lastProgress = now }
        queuedBytes = bytes
    }

    /// True if the connection has to be given up.
    func isOverdue(at now: Instant) -> Bool {
        guard !entries.isEmpty else { return false }
        if let lastProgress, now - lastProgress > timeout { return true }
        return entries.contains { entry in entry.overtaken.map { now - $0 > timeout } ?? false }
    }

    /// The connection is gone: nothing is in flight any more.
    mutating func clear() {
        entries.removeAll(keepingCapacity: true)
        lastProgress = nil
        queuedBytes = 0
    }
}
