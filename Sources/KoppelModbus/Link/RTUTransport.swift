internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Modbus RTU on a serial port. libmodbus sets the port up, frames and sends; reading is ours
/// (``RTUConversation``).
final class RTUTransport: Transport, RTUWire {
    private let device: String
    private let line: SerialLine
    private let tap: (any FrameTap)?
    private var connection: Connection?
    private var conversation: RTUConversation

    private struct Connection: ~Copyable {
        let handle: LibmodbusHandle
        let lock: SerialPortLock
        let descriptor: Int32
    }

    init(device: String, line: SerialLine, tap: (any FrameTap)? = nil) {
        self.device = device
        self.line = line
        self.tap = tap
        conversation = RTUConversation(line: line, tap: tap)
    }

    /// A serial port stays open: it is ours alone.
    func rest() {}

    func close() {
        if connection != nil { tap?.saw(.closed, at: .now) }
        connection = nil
    }

    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) {
        guard connection == nil else { return }
        try Self.check(line)
        let lock = try SerialPortLock(device: device)
        let handle = try LibmodbusHandle.rtu(device: device, line: line)
        try handle.connect(timeout: deadline - .now)
        let descriptor = handle.descriptor
        try lock.exclude(descriptor)
        // libmodbus turns a rate it does not know into 9600 without a word.
        let speed = koppel_serial_speed(descriptor)
        guard speed == line.baud else {
            throw LinkFault(.unusable("\(device) runs at \(speed) baud when set to \(line.baud). Choose another rate"))
        }
        connection = Connection(handle: handle, lock: lock, descriptor: descriptor)
        tap?.saw(.opened, at: .now)
        conversation.begin()
    }

    /// Refuses what libmodbus would silently change or RTU cannot carry.
    static func check(_ line: SerialLine) throws(LinkFault) {
        guard SerialLine.supportedBaudRates.contains(line.baud) else {
            let rates = SerialLine.supportedBaudRates.map(String.init).joined(separator: ", ")
            throw LinkFault(.unusable("\(line.baud) baud is not supported. Choose one of \(rates)"))
        }
        guard line.dataBits == 8, (1...2).contains(line.stopBits) else {
            throw LinkFault(
                .unusable("Modbus RTU needs 8 data bits and 1 or 2 stop bits. Change the format of the bus"))
        }
    }

    // MARK: - Asking

    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange {
        guard let descriptor = connection?.descriptor else { throw .down(ENOTCONN) }
        do throws(LinkFault) {
            return try conversation.exchange(
                request, over: self, descriptor: descriptor, timeout: timeout, pause: pause)
        } catch {
            if case .linkDown(let errno) = error.kind, errno != ECANCELED { close() }
            // Readable without a byte is an adapter that was pulled (R11).
            throw error == .down(EPIPE) ? .down(EIO) : error
        }
    }

    func send(_ pdu: RequestPDU, unit: UnitID) throws(LinkFault) {
        let body = pdu.bytes
        let frame: InlineArray<6, UInt8> = [unit.rawValue, body[0], body[1], body[2], body[3], body[4]]
        tap?.saw(RTU.frame(pdu, unit: unit).span, .sent, at: .now)
        let sent = connection?.handle.sendRaw(frame.span) ?? CallResult(Int32(-1))
        if sent.value == 8 { return }
        // An adapter that takes no more bytes is as good as one that does not answer (R17).
        throw sent.errno == EAGAIN || sent.errno == 0 ? .timeout : .down(sent.errno)
    }
}
