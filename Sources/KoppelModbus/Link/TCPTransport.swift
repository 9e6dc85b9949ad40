internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Modbus TCP. libmodbus connects and owns the socket; framing and reading are ours.
///
/// libmodbus 3.1.6 cannot give honest answers here: it sends raw requests with transaction id 0, is one answer
/// behind for good after a late one (F13), takes answers of other units (F16), another protocol (F18) and lying
/// lengths (F19), and waits once per `select` and not once per request (F06).
///
/// An answer with another transaction id is discarded and the wait goes on. When where the next frame begins has
/// become unknown, or two questions in a row went unanswered (field rule P15), the connection is dropped and the
/// next question makes a new one, within its own deadline.
final class TCPTransport: Transport {
    /// Unanswered questions in a row that end a connection.
    static let patience = 2
    /// After this time without a question the connection is looked at before it is used: devices close idle
    /// connections, and that is no fault (field rule P16).
    static let idleLimit = Duration.milliseconds(100)
    /// Keepalive probes begin after this many seconds, and data that are not acknowledged end a connection.
    static let silenceLimit: Int32 = 15

    private let host: String
    private let port: UInt16
    private let tap: (any FrameTap)?
    private var handle: LibmodbusHandle?
    /// The socket of ``handle``; `nil` if there is no connection.
    private var descriptor: Int32?
    /// True after a connection was dropped on our own judgement: then the next question connects.
    private var wasDropped = false
    private var lookup: HostLookup?
    private var buffer: ReceiveBuffer
    private var transaction: UInt16 = 0
    private var unanswered = 0
    private var lastUse = ContinuousClock.now
    /// True when bytes of an earlier exchange may be in the buffer or on their way.
    private var isSuspect = false

    init(host: String, port: UInt16, tap: (any FrameTap)? = nil) {
        self.host = host
        self.port = port
        self.tap = tap
        buffer = ReceiveBuffer(tap: tap)
    }

    func close() {
        if descriptor != nil { tap?.saw(.closed, at: .now) }
        handle = nil
        descriptor = nil
        wasDropped = false
        buffer.discardAll()
        unanswered = 0
        isSuspect = false
    }

    private func drop() {
        close()
        wasDropped = true
    }

    // MARK: - Connecting

    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) {
        guard descriptor == nil else { return }
        wasDropped = false
        var failure = LinkFault(.unknownHost)
        for address in try addresses(until: deadline) {
            let left = deadline - .now
            guard left > .zero else { throw .down(ETIMEDOUT) }
            try DescriptorLimit.check()
            let handle = try LibmodbusHandle.tcp(address: address, port: port)
            do throws(LinkFault) {
                try handle.connect(timeout: left)
                let descriptor = handle.descriptor
                let silence = Self.silenceLimit
                let options = koppel_tcp_options(
                    descriptor, silence, silence / 3, 3, UInt32(silence) * 1_000)
                guard options == 0 else { throw .down(-options) }
                self.handle = consume handle
                self.descriptor = descriptor
                tap?.saw(.opened, at: .now)
                lastUse = .now
                return
            } catch {
                failure = Self.named(error)
            }
        }
        throw failure
    }

    private func addresses(until deadline: ContinuousClock.Instant) throws(LinkFault) -> [String] {
        // A look-up that was too slow is not started again but asked again.
        let pending: HostLookup
        if let started = lookup.take() { pending = started } else { pending = try HostLookup(host: host) }
        guard let addresses = try pending.addresses(until: deadline) else {
            lookup = consume pending
            throw LinkFault(.unknownHost)
        }
        return addresses
    }

    /// What libmodbus leaves in errno, in the words of ``BusError``.
    private static func named(_ fault: LinkFault) -> LinkFault {
        switch fault.kind {
        case .linkDown(ECONNREFUSED): LinkFault(.refused)
        case .linkDown(EINPROGRESS): .down(ETIMEDOUT)
        default: fault
        }
    }

    // MARK: - Asking

    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange {
        if pause > .zero { try rest(pause) }
        let deadline = ContinuousClock.now + timeout
        let descriptor = try ready(until: deadline)
        transaction &+= 1
        let sent = ContinuousClock.now
        lastUse = sent
        try send(MBAP.frame(RequestPDU(request), unit: request.unit, transaction: transaction), to: descriptor)
        do throws(LinkFault) {
            let outcome = try answer(to: request, from: descriptor, until: deadline)
            lastUse = .now
            return Exchange(outcome: outcome, sent: sent, received: lastUse)
        } catch {
            isSuspect = true
            lastUse = .now
            if case .linkDown(let errno) = error.kind, errno != ECANCELED { close() }
            throw error
        }
    }

    private func rest(_ pause: Duration) throws(LinkFault) {
        let end = ContinuousClock.now + pause
        _ = try Waiting.readable(-1, until: end)  // a descriptor of -1 is never readable
    }

    /// A connection on which the next frame to come answers the next question, or an older one in whole.
    private func ready(until deadline: ContinuousClock.Instant) throws(LinkFault) -> Int32 {
        if let descriptor, isSuspect || ContinuousClock.now - lastUse > Self.idleLimit { settle(descriptor) }
        if wasDropped { try open(until: deadline) }
        guard let descriptor else { throw .down(ENOTCONN) }
        return descriptor
    }

    /// Takes what came uninvited. Whole frames are late answers; anything else ends the connection.
    private func settle(_ descriptor: Int32) {
        isSuspect = false
        do throws(LinkFault) {
            repeat {
                while case .frame(let frame) = buffer.withBytes(MBAP.scan) { buffer.discard(frame.length) }
            } while try buffer.read(from: descriptor) > 0
            if !buffer.isEmpty { drop() }
        } catch {
            drop()
        }
    }

    private func send(_ frame: InlineArray<12, UInt8>, to descriptor: Int32) throws(LinkFault) {
        tap?.saw(frame.span, .sent, at: .now)
        let result = unsafe frame.span.withUnsafeBytes { bytes in
            // MSG_NOSIGNAL: a peer that is gone is an error, not a signal that ends the process (F10).
            CallResult(unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
        }
        guard result.value == frame.count else {
            close()
            throw .down(result.errno == 0 ? EAGAIN : result.errno)
        }
    }

    private func answer(
        to request: ReadRequest, from descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(LinkFault) -> ReadOutcome {
        var sawUnknownTransaction = false
        while true {
            switch buffer.withBytes(MBAP.scan) {
            case .incomplete:
                guard try Waiting.readable(descriptor, until: deadline) else {
                    throw gaveUp(sawUnknownTransaction: sawUnknownTransaction)
                }
                _ = try buffer.read(from: descriptor)
            case .broken:
                drop()
                throw .bad(.header)
            case .frame(let frame) where frame.transaction == transaction:
                return try judge(frame, request)
            case .frame(let frame):
                // 1 to 32,767 behind is an answer that comes late.
                sawUnknownTransaction = sawUnknownTransaction || transaction &- frame.transaction > 0x7FFF
                buffer.discard(frame.length)
            }
        }
    }

    private func judge(_ frame: MBAP.Frame, _ request: ReadRequest) throws(LinkFault) -> ReadOutcome {
        let answer =
            frame.unit == request.unit.rawValue
            ? buffer.withBytes { AnswerPDU($0.extracting(frame.pdu), to: request) } : .refused(.unit)
        buffer.discard(frame.length)
        unanswered = 0
        switch answer {
        case .outcome(let outcome):
            if !buffer.isEmpty { isSuspect = true }
            return outcome
        case .refused(let reason):
            throw .bad(reason)
        }
    }

    private func gaveUp(sawUnknownTransaction: Bool) -> LinkFault {
        unanswered += 1
        // A frame whose header is ours and whose end did not come says more than it has.
        let isCut = buffer.withBytes(MBAP.transactionOfPartialFrame) == transaction
        if !buffer.isEmpty || unanswered >= Self.patience { drop() }
        if isCut { return .bad(.length) }
        return sawUnknownTransaction ? .bad(.transaction) : .timeout
    }
}
