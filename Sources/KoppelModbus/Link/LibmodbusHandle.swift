internal import CLibmodbus
internal import Glibc
internal import KoppelCore

/// The owner of one libmodbus context (`modbus_t`) and of its connection.
///
/// Both recovery flags stay off (they are by default): recovery is ours. One context is used by one thread only,
/// which its owner, an actor on its own thread, sees to.
@safe struct LibmodbusHandle: ~Copyable {
    private let raw: OpaquePointer
    /// False when the descriptor belongs to somebody else: `modbus_close` would write settings to it that the
    /// library never read.
    private let closesConnection: Bool

    private init(_ raw: OpaquePointer?, closesConnection: Bool = true) throws(LinkFault) {
        guard let raw = unsafe raw else { throw .down(ENOMEM) }
        unsafe self.raw = raw
        self.closesConnection = closesConnection
    }

    deinit {
        if closesConnection { unsafe modbus_close(raw) }
        unsafe modbus_free(raw)
    }

    /// A context for one numeric address; `modbus_new_tcp` knows IPv4 only.
    static func tcp(address: String, port: UInt16) throws(LinkFault) -> LibmodbusHandle {
        if address.utf8.contains(UInt8(ascii: ":")) {
            return try unsafe LibmodbusHandle(modbus_new_tcp_pi(address, String(port)))
        }
        return try unsafe LibmodbusHandle(modbus_new_tcp(address, Int32(port)))
    }

    /// A context for a serial port that ``connect(timeout:)`` opens and sets up.
    static func rtu(device: String, line: SerialLine) throws(LinkFault) -> LibmodbusHandle {
        try unsafe LibmodbusHandle(rtuContext(device, line))
    }

    /// A context for RTU frames on a descriptor that stays its owner's.
    static func rtu(on descriptor: Int32, line: SerialLine) throws(LinkFault) -> LibmodbusHandle {
        let handle = try unsafe LibmodbusHandle(rtuContext("adopted", line), closesConnection: false)
        handle.use(descriptor)
        return handle
    }

    private static func rtuContext(_ device: String, _ line: SerialLine) -> OpaquePointer? {
        let parity = CChar(bitPattern: line.parity.rawValue.utf8.first ?? UInt8(ascii: "N"))
        return unsafe modbus_new_rtu(device, Int32(line.baud), parity, Int32(line.dataBits), Int32(line.stopBits))
    }

    /// Connects or opens the port. Errors are errno as the library leaves it: on TCP 3.1.6 says ECONNREFUSED for
    /// every failure that is not found at once, and EINPROGRESS for a host that is silent.
    ///
    /// On TCP it waits with `select`, so nobody may call it when the next descriptor can be 1024 or more
    /// (``DescriptorLimit``).
    borrowing func connect(timeout: Duration) throws(LinkFault) {
        let microseconds = max(1_000, timeout.wholeNanoseconds / 1_000)
        let set = CallResult(
            unsafe modbus_set_response_timeout(
                raw, UInt32(clamping: microseconds / 1_000_000), UInt32(microseconds % 1_000_000)))
        guard set.errno == 0 else { throw .down(set.errno) }
        let connected = CallResult(unsafe modbus_connect(raw))
        guard connected.errno == 0 else { throw .down(connected.errno) }
    }

    /// The open descriptor, -1 if there is none.
    var descriptor: Int32 { unsafe modbus_get_socket(raw) }

    /// Makes the context work on this descriptor.
    borrowing func use(_ descriptor: Int32) {
        _ = unsafe modbus_set_socket(raw, descriptor)  // fails for a context of nil only
    }

    /// Frames and sends unit id and PDU.
    ///
    /// On TCP 3.1.6 puts transaction id 0 into every such frame, which makes late answers unrecognisable: used on
    /// serial lines only.
    borrowing func sendRaw(_ request: Span<UInt8>) -> CallResult {
        unsafe request.withUnsafeBufferPointer { bytes in
            CallResult(unsafe modbus_send_raw_request(raw, bytes.baseAddress, Int32(bytes.count)))
        }
    }
}

extension LibmodbusHandle {
    /// The server's side: listens with the settings of the context, and returns the listening descriptor.
    borrowing func listen(backlog: Int32) -> CallResult {
        CallResult(unsafe modbus_tcp_listen(raw, backlog))
    }

    /// The same for a context that was made for an IPv6 address.
    borrowing func listenIPv6(backlog: Int32) -> CallResult {
        CallResult(unsafe modbus_tcp_pi_listen(raw, backlog))
    }

    /// Bounds the wait for the rest of a request whose first byte is there.
    borrowing func limitReceiving(to milliseconds: UInt32) {
        // Both fail only for values of a second and more in the microseconds.
        _ = unsafe modbus_set_indication_timeout(raw, 0, milliseconds * 1_000)
        _ = unsafe modbus_set_byte_timeout(raw, 0, milliseconds * 1_000)
    }

    /// Reads one request into `buffer`, which has room for 260 bytes.
    borrowing func receive(into buffer: inout [UInt8]) -> CallResult {
        precondition(buffer.count >= Int(MODBUS_MAX_ADU_LENGTH), "a request may take 260 bytes")
        return CallResult(unsafe modbus_receive(raw, &buffer))
    }

    /// Answers the request with these words, which stand for exactly the range it asks for.
    borrowing func reply(to frame: [UInt8], length: Int, request: ReadRequest, words: [UInt16]) -> CallResult {
        var words = words
        var bits = request.table.isBits ? words.map { UInt8($0 != 0 ? 1 : 0) } : []
        return unsafe words.withUnsafeMutableBufferPointer { words in
            unsafe bits.withUnsafeMutableBufferPointer { bits in
                var mapping = unsafe modbus_mapping_t()
                let (start, count) = (Int32(request.start), Int32(request.count))
                switch request.table {
                case .coil:
                    unsafe (mapping.start_bits, mapping.nb_bits, mapping.tab_bits) = (start, count, bits.baseAddress)
                case .discreteInput:
                    unsafe (mapping.start_input_bits, mapping.nb_input_bits) = (start, count)
                    unsafe mapping.tab_input_bits = bits.baseAddress
                case .holdingRegister:
                    unsafe (mapping.start_registers, mapping.nb_registers) = (start, count)
                    unsafe mapping.tab_registers = words.baseAddress
                case .inputRegister:
                    unsafe (mapping.start_input_registers, mapping.nb_input_registers) = (start, count)
                    unsafe mapping.tab_input_registers = words.baseAddress
                }
                return CallResult(unsafe modbus_reply(raw, frame, Int32(length), &mapping))
            }
        }
    }

    /// Answers with an exception. The library knows codes 1 to 11; any other goes out as 4, server device failure.
    borrowing func replyException(_ exception: ModbusException, to frame: [UInt8]) -> CallResult {
        let code = (1...11).contains(exception.code) ? exception.code : 4
        return CallResult(unsafe modbus_reply_exception(raw, frame, UInt32(code)))
    }

    /// Throws away what has been received and not read.
    borrowing func flush() {
        _ = unsafe modbus_flush(raw)  // the number of bytes thrown away; there is nothing to do about an error
    }
}
