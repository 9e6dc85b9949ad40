internal import CLibmosquitto
internal import Glibc
internal import KoppelCore

/// Owns one `mosquitto *`: one connection, from its making to its end. It is never used for a second connection, so
/// that nothing of an old one can come back.
///
/// @unchecked Sendable because it cannot be copied: whoever holds it is the only one who can reach the library's
/// object and the inbox its callbacks fill, and the library does not mind from which thread.
@safe struct MosquittoHandle: ~Copyable, @unchecked Sendable {
    /// What a call of the library said: its code, and errno right after it.
    struct Result: Equatable {
        var code: Int32
        var errno: Int32 = 0

        var isGood: Bool { code == MOSQ_ERR_SUCCESS.rawValue }
    }

    private let raw: OpaquePointer
    private let inbox: ConnectionInbox

    /// `nil` if the client id is not acceptable to the library (empty, not UTF-8) or memory is short.
    ///
    /// With `keepsSession` the broker remembers our subscriptions after the connection, and what comes on them: with
    /// MQTT 3.1.1 until somebody connects without, with MQTT 5 not at all, since no expiry is asked for.
    init?(clientID: String, version: DestinationSettings.ProtocolVersion, keepsSession: Bool = false) {
        let inbox = ConnectionInbox()
        guard MosquittoLibrary.isReady,
            let raw = unsafe mosquitto_new(clientID, !keepsSession, Unmanaged.passUnretained(inbox).toOpaque())
        else { return nil }
        self.inbox = inbox
        unsafe self.raw = raw
        let number = version == .mqtt5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        // These take constants that the library knows, so they cannot fail.
        unsafe mosquitto_int_option(raw, MOSQ_OPT_PROTOCOL_VERSION, number)
        unsafe mosquitto_int_option(raw, MOSQ_OPT_TCP_NODELAY, 1)
        // 0 is unlimited: the window is ours to keep, and the library must not hold messages back by itself.
        unsafe mosquitto_int_option(raw, MOSQ_OPT_SEND_MAXIMUM, 0)
        unsafe setCallbacks(raw)
    }

    deinit { unsafe mosquitto_destroy(raw) }

    // MARK: Before connecting

    func setWill(_ will: OutgoingMessage) -> Result {
        unsafe will.payload.withUnsafeBytes { payload in
            unsafe result(
                mosquitto_will_set_v5(
                    raw, will.topic, Int32(payload.count), payload.baseAddress, Int32(will.qos), will.retain, nil))
        }
    }

    func setLogin(user: String?, password: String?) -> Result {
        unsafe result(mosquitto_username_pw_set(raw, user, password))
    }

    /// Turns TLS on: at least version 1.2, the broker's certificate and host name are always verified.
    func setTLS(caFile: String?, certificateFile: String?, keyFile: String?) -> Result {
        // The library refuses a client certificate without a CA file or folder; this folder is where Debian keeps
        // the system's.
        let folder = caFile == nil ? "/etc/ssl/certs" : nil
        // A key with a pass phrase would make OpenSSL ask for it on the terminal; this answers "none".
        let set = unsafe result(
            mosquitto_tls_set(raw, caFile, folder, certificateFile, keyFile) { _, _, _, _ in 0 })
        guard set.isGood else { return set }
        unsafe CertificateWitness.attach(to: raw, inbox: inbox)
        if caFile == nil {
            let system = unsafe result(mosquitto_int_option(raw, MOSQ_OPT_TLS_USE_OS_CERTS, 1))
            guard system.isGood else { return system }
        }
        // 1 is SSL_VERIFY_PEER. In 2.0.11 "tlsv1.2" excludes everything below 1.2 and allows 1.3 (net_mosq.c).
        return unsafe result(mosquitto_tls_opts_set(raw, 1, "tlsv1.2", nil))
    }

    /// Looks up the name, blocking, and starts to connect to its first address, not blocking.
    /// `source` is the local address to connect from. It decides the address family, and so which of the name's
    /// addresses is taken.
    func beginConnect(host: String, port: UInt16, keepalive: Int32, from source: String?) -> Result {
        unsafe result(mosquitto_connect_bind_async(raw, host, Int32(port), keepalive, source))
    }

    // MARK: The loop

    /// The socket, or -1 if it is closed.
    var socket: Int32 { unsafe mosquitto_socket(raw) }

    var wantsWrite: Bool { unsafe mosquitto_want_write(raw) }

    func read() -> Result { unsafe result(mosquitto_loop_read(raw, 1)) }

    func write() -> Result { unsafe result(mosquitto_loop_write(raw, 1)) }

    /// Sends a ping when one is due. To be called about once a second.
    func misc() -> Result { unsafe result(mosquitto_loop_misc(raw)) }

    func takeItems() -> [ConnectionInbox.Item] { inbox.take() }

    /// True if the broker said that it had kept the session of the connection before.
    var hasKeptSession: Bool { inbox.hasKeptSession }

    var complaints: [String] { inbox.complaints }

    /// Why the broker's certificate was refused, after a failed handshake; `nil` if it was not, or nobody knows.
    var certificateRefusal: String? { inbox.refusal }

    /// Hands a message over.
    ///
    /// - Returns: The result, and the packet id. With any result but success, oversize or a malformed message the
    ///   library may have kept the message, and the handle has to go (field rule P67).
    func publish(_ message: OutgoingMessage, properties: Bool) -> (Result, packet: UInt16) {
        var list: OpaquePointer?
        if properties, let type = message.contentType {
            let added = unsafe result(
                mosquitto_property_add_string(&list, Int32(MQTT_PROP_CONTENT_TYPE.rawValue), type))
            guard added.isGood else { return (added, 0) }
        }
        defer { unsafe mosquitto_property_free_all(&list) }
        var packet: Int32 = 0
        let done = unsafe message.payload.withUnsafeBytes { payload in
            unsafe result(
                mosquitto_publish_v5(
                    raw, &packet, message.topic, Int32(clamping: payload.count), payload.baseAddress,
                    Int32(message.qos), message.retain, list))
        }
        return (done, UInt16(truncatingIfNeeded: packet))
    }

    /// Asks for what is published on a filter. The broker's answer comes as `subscribed` with the packet id, and the
    /// messages through ``takeMessages()``. It lasts as long as the connection: each new handle subscribes again.
    ///
    /// - Parameters:
    ///   - filter: A topic filter, with `+` and `#` where the standard allows them.
    ///   - qos: The highest QoS to get messages with, 0 to 2.
    /// - Returns: The result, and the packet id.
    func subscribe(_ filter: String, qos: UInt8) -> (Result, packet: UInt16) {
        // C would cut the filter at a zero byte and subscribe to another one, and 2.0.11 lets an empty one pass.
        guard !filter.isEmpty, !filter.utf8.contains(0) else { return (Result(code: MOSQ_ERR_INVAL.rawValue), 0) }
        var packet: Int32 = 0
        let done = unsafe result(mosquitto_subscribe(raw, &packet, filter, Int32(qos)))
        return (done, UInt16(truncatingIfNeeded: packet))
    }

    /// What arrived on subscriptions since the last call, oldest first, and how many messages were lost because
    /// nobody took them in time (see ``ConnectionInbox`` for the bound; 0 if this is called after each ``read()``).
    func takeMessages() -> (messages: [IncomingMessage], lost: Int) { inbox.takeMessages() }

    /// Sends DISCONNECT, so that the broker does not publish the will, or does all the same with reason code 0x04,
    /// which MQTT 5 alone has. The socket closes when it was written.
    func disconnect(withWill: Bool = false) -> Result {
        unsafe result(mosquitto_disconnect_v5(raw, withWill ? 4 : 0, nil))
    }

    // MARK: What the socket says

    /// The first bytes that wait in the socket, without taking them.
    func peek(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let number = unsafe recv(socket, &bytes, count, Int32(MSG_PEEK | MSG_DONTWAIT))
        return Array(bytes.prefix(max(0, number)))
    }

    /// Bytes that the kernel has not delivered to the other side yet (SIOCOUTQ); 0 if it does not tell.
    var undeliveredBytes: Int {
        var bytes: Int32 = 0
        return unsafe ioctl(socket, UInt(TIOCOUTQ), &bytes) == 0 ? Int(bytes) : 0
    }

    /// True if the socket has another side.
    var isConnected: Bool {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(socket, address, &length) == 0
            }
        }
    }

    /// True if the socket had another side at some time: then the kernel has measured a round trip to it (`tcpi_rtt`,
    /// tcp(7)).
    var wasConnected: Bool {
        // struct tcp_info: 8 bytes, then 32-bit numbers, of which tcpi_rtt is the sixteenth.
        var info = [UInt32](repeating: 0, count: 26)
        var length = socklen_t(info.count * MemoryLayout<UInt32>.size)
        let isKnown = unsafe getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0
        return isKnown && info[17] > 0
    }

    /// The error that waits at the socket (SO_ERROR); 0 if there is none.
    var socketError: Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : EBADF
    }

    private func result(_ code: Int32) -> Result { Result(code: code, errno: Glibc.errno) }
}
