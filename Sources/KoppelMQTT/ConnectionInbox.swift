internal import CLibmosquitto
internal import Glibc
internal import KoppelCore

/// What the library's callbacks leave for the owner of the handle.
///
/// The callbacks run on the thread that drives the loop, in the middle of a call of ours, with a mutex of the
/// library held. So they only copy and append here (field rule P72).
///
/// Bound: what arrived on subscriptions is kept up to 4,096 messages and 16 MiB; more is counted as lost. One call of
/// the library reads one packet, or with TLS what one record of 16 KiB holds, which is at most 3,276 messages. So an
/// owner that takes after each call never loses one, and one that stops calling is held up by the socket and not by
/// memory.
final class ConnectionInbox {
    enum Item {
        /// CONNACK: the reason code (MQTT 5) or return code (3.1.1), and what the broker's properties say.
        case connectAnswer(code: Int32, facts: ConnectionFacts, keepalive: UInt16?)
        /// PUBACK, or QoS 0 written: the packet id and the reason code.
        case acknowledged(packet: Int32, code: Int32)
        /// The socket was closed: a reason code of 0x80 or above if the broker sent DISCONNECT, else an error of
        /// the library.
        case closed(code: Int32)
        /// SUBACK: the packet id, and what the broker grants: 0 to 2 is a QoS, from 0x80 a refusal.
        case subscribed(packet: Int32, code: Int32)
    }

    /// The most messages of subscriptions that wait.
    static let maximumMessages = 4_096
    /// The most bytes of their topics and payloads that wait.
    static let maximumBytes = 16 << 20

    private var items: [Item] = []
    private var messages: [IncomingMessage] = []
    /// What the waiting messages weigh.
    private var bytes = 0
    private var lost = 0
    /// Errors the library wrote to its log, the first eight: the only place where it tells what OpenSSL said.
    private(set) var complaints: [String] = []
    /// Whether the broker had a session of us, as CONNACK says.
    var hasKeptSession = false
    /// Why the broker's certificate was refused, if it was.
    private(set) var refusal: String?

    func take() -> [Item] {
        guard !items.isEmpty else { return [] }
        defer { items.removeAll(keepingCapacity: true) }
        return items
    }

    func add(_ item: Item) { items.append(item) }

    /// What arrived on subscriptions since the last call, oldest first, and how many more there were no room for.
    func takeMessages() -> (messages: [IncomingMessage], lost: Int) {
        guard !messages.isEmpty || lost > 0 else { return ([], 0) }
        defer { (messages, bytes, lost) = ([], 0, 0) }
        return (messages, lost)
    }

    /// Keeps a copy of a message if there is room for it, and else counts it as lost.
    func add(topic: UnsafePointer<CChar>, payload: UnsafeRawBufferPointer, qos: Int32, retain: Bool) {
        let size = unsafe strlen(topic) + payload.count
        guard messages.count < Self.maximumMessages, bytes + size <= Self.maximumBytes else { return lost += 1 }
        bytes += size
        messages.append(
            IncomingMessage(
                topic: unsafe String(cString: topic), payload: unsafe Array(payload), qos: UInt8(clamping: qos),
                retain: retain))
    }

    func add(refusal: String) {
        // The first is the cause, others may follow from it.
        if self.refusal == nil { self.refusal = refusal }
    }

    func add(complaint: String) {
        if complaints.count < 8 { complaints.append(complaint) }
    }
}

/// Tells the library to report to the inbox that is its user data. The inbox has to live as long as the handle.
func setCallbacks(_ handle: OpaquePointer) {
    unsafe mosquitto_connect_v5_callback_set(handle) { _, context, code, flags, properties in
        var size: UInt32 = 0
        var receive: UInt16 = 0
        var keepalive: UInt16 = 0
        let hasSize = unsafe mosquitto_property_read_int32(
            properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), &size, false)
        let hasReceive = unsafe mosquitto_property_read_int16(
            properties, Int32(MQTT_PROP_RECEIVE_MAXIMUM.rawValue), &receive, false)
        let hasKeepalive = unsafe mosquitto_property_read_int16(
            properties, Int32(MQTT_PROP_SERVER_KEEP_ALIVE.rawValue), &keepalive, false)
        let facts = unsafe ConnectionFacts(
            maximumPacketSize: hasSize == nil ? nil : Int(size), receiveMaximum: hasReceive == nil ? nil : Int(receive))
        unsafe inbox(context)?.hasKeptSession = flags & 1 != 0
        unsafe inbox(context)?.add(
            .connectAnswer(code: code, facts: facts, keepalive: hasKeepalive == nil ? nil : keepalive))
    }
    unsafe mosquitto_publish_v5_callback_set(handle) { _, context, packet, code, _ in
        unsafe inbox(context)?.add(.acknowledged(packet: packet, code: code))
    }
    unsafe mosquitto_disconnect_v5_callback_set(handle) { _, context, code, _ in
        unsafe inbox(context)?.add(.closed(code: code))
    }
    unsafe mosquitto_subscribe_v5_callback_set(handle) { _, context, packet, count, granted, _ in
        // We subscribe to one filter at a time.
        guard count > 0, let granted = unsafe granted else { return }
        unsafe inbox(context)?.add(.subscribed(packet: packet, code: granted[0]))
    }
    unsafe mosquitto_message_v5_callback_set(handle) { _, context, message, _ in
        guard let message = unsafe message?.pointee, let topic = unsafe message.topic else { return }
        let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
        unsafe inbox(context)?.add(topic: topic, payload: payload, qos: message.qos, retain: message.retain)
    }
    unsafe mosquitto_log_callback_set(handle) { _, context, level, text in
        guard level == Int32(MOSQ_LOG_ERR), let text = unsafe text else { return }
        unsafe inbox(context)?.add(complaint: String(cString: text))
    }
}

private func inbox(_ context: UnsafeMutableRawPointer?) -> ConnectionInbox? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<ConnectionInbox>.fromOpaque(context).takeUnretainedValue()
}
