internal import CLibmosquitto
internal import KoppelCore

/// What the library's callbacks leave for the owner of the handle.
///
/// The callbacks run on the thread that drives the loop, in the middle of a call of ours, with a mutex of the
/// library held. So they only append here (field rule P72).
final class ConnectionInbox {
    enum Item {
        /// CONNACK: the reason code (MQTT 5) or return code (3.1.1), and what the broker's properties say.
        case connectAnswer(code: Int32, facts: ConnectionFacts, keepalive: UInt16?)
        /// PUBACK, or QoS 0 written: the packet id and the reason code.
        case acknowledged(packet: Int32, code: Int32)
        /// The socket was closed: a reason code of 0x80 or above if the broker sent DISCONNECT, else an error of
        /// the library.
        case closed(code: Int32)
    }

    private var items: [Item] = []
    /// Errors the library wrote to its log, the first eight: the only place where it tells what OpenSSL said.
    private(set) var complaints: [String] = []
    /// Why the broker's certificate was refused, if it was.
    private(set) var refusal: String?

    func take() -> [Item] {
        guard !items.isEmpty else { return [] }
        defer { items.removeAll(keepingCapacity: true) }
        return items
    }

    func add(_ item: Item) { items.append(item) }

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
    unsafe mosquitto_connect_v5_callback_set(handle) { _, context, code, _, properties in
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
        unsafe inbox(context)?.add(
            .connectAnswer(code: code, facts: facts, keepalive: hasKeepalive == nil ? nil : keepalive))
    }
    unsafe mosquitto_publish_v5_callback_set(handle) { _, context, packet, code, _ in
        unsafe inbox(context)?.add(.acknowledged(packet: packet, code: code))
    }
    unsafe mosquitto_disconnect_v5_callback_set(handle) { _, context, code, _ in
        unsafe inbox(context)?.add(.closed(code: code))
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
