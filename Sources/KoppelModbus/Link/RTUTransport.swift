internal import Glibc
internal import KoppelCore

/// Modbus RTU on a serial port (``SerialPort``). libmodbus sets the port up, frames and sends; reading is ours
/// (``RTUConversation``).
final class RTUTransport: Transport, RTUWire {
    private let device: String
    private let line: SerialLine
    private let lockFolder: String
    private let tap: (any FrameTap)?
    private var port: SerialPort?
    private var conversation: RTUConversation
    /// Why the port was closed while nothing was asked.
    private var lost: LinkFault?

    init(
        device: String, line: SerialLine, longest: Duration = .zero, patience: RTUConversation.Patience = .waits,
        lockFolder: String = PortLockFile.folder, tap: (any FrameTap)? = nil
    ) {
        self.device = device
        self.line = line
        self.lockFolder = lockFolder
        self.tap = tap
        conversation = RTUConversation(line: line, longest: longest, patience: patience, tap: tap)
    }

    var counters: LinkCounters { conversation.counters }

    /// `nil` if the port is closed.
    var descriptor: Int32? { port?.descriptor }

    /// A serial port stays open: it is ours alone.
    func rest() {}

    func close() {
        if port != nil { tap?.saw(.closed, at: .now) }
        port = nil
        lost = nil
    }

    /// Follows the name of the port anew each time, so an adapter that came back under another number is found by its
    /// stable name (R12).
    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) {
        guard port == nil else { return }
        port = try SerialPort(device: device, line: line, lockFolder: lockFolder, until: deadline)
        lost = nil
        tap?.saw(.opened, at: .now)
        conversation.begin()
    }

    // MARK: - Asking

    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange {
        guard let descriptor = port?.descriptor else { throw lost ?? .down(ENOTCONN) }
        do throws(LinkFault) {
            return try conversation.exchange(
                request, over: self, descriptor: descriptor, timeout: timeout, pause: pause)
        } catch {
            // What an adapter that hangs did not take is not sent later, when the question is long forgotten (R17).
            if error == .timeout { tcflush(descriptor, TCOFLUSH) }
            let fault = pulled(error)
            if case .linkDown(let errno) = fault.kind, errno != ECANCELED { close() }
            throw fault
        }
    }

    func send(_ pdu: RequestPDU, unit: UnitID) throws(LinkFault) {
        let body = pdu.bytes
        let frame: InlineArray<6, UInt8> = [unit.rawValue, body[0], body[1], body[2], body[3], body[4]]
        tap?.saw(RTU.frame(pdu, unit: unit).span, .sent, at: .now)
        let sent = port?.handle.sendRaw(frame.span) ?? CallResult(Int32(-1))
        if sent.value == 8 { return }
        // An adapter that takes no more bytes is as good as one that does not answer (R17).
        throw sent.errno == EAGAIN || sent.errno == 0 ? .timeout : .down(sent.errno)
    }

    // MARK: - Between questions

    var idleDescriptor: Int32? { port?.descriptor }

    /// A pulled adapter is let go at once, so that its name is free when it comes back (P14, R11).
    func stirred() {
        guard let descriptor = port?.descriptor else { return }
        do throws(LinkFault) {
            try conversation.overhear(on: descriptor)
        } catch {
            close()
            lost = pulled(error)
        }
    }

    /// Readable without a byte is an adapter that was pulled (R11).
    private func pulled(_ fault: LinkFault) -> LinkFault { fault == .down(EPIPE) ? .down(EIO) : fault }
}
