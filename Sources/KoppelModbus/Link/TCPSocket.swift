internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// The one connection to a TCP endpoint, whatever the number of units behind it (field rule P17). libmodbus connects
/// and owns the socket.
///
/// A connection that has become useless is dropped, and the next question makes a new one within its own deadline. So
/// a device that ends a connection on which nothing was asked costs no reading (field rule P16, fault F29).
final class TCPSocket {
    /// Unanswered questions in a row that end a connection (field rule P15).
    static let patience = 2
    /// Unused for this long, a connection may be ended by the device at the moment of asking: a question that finds it
    /// gone is asked once more on a new one, in what is left of its time. Every question only reads.
    static let idleLimit = Duration.milliseconds(500)
    /// Keepalive probes begin after this many seconds, and data that are not acknowledged end a connection.
    static let silenceLimit: Int32 = 15

    private let port: UInt16
    private let names: any HostNames
    private let tap: (any FrameTap)?
    private var handle: LibmodbusHandle?
    /// `nil` if there is no connection.
    private(set) var descriptor: Int32?
    /// How many connections have been made. Bytes received on an earlier one mean nothing.
    private(set) var connections = 0
    /// True after a connection was dropped on our own judgement: then the next question connects.
    private var wasDropped = false
    private var lastUse = ContinuousClock.now
    private var unanswered = 0
    /// True once something was received on this connection.
    private var hasAnswered = false

    init(names: any HostNames, port: UInt16, tap: (any FrameTap)? = nil) {
        self.names = names
        self.port = port
        self.tap = tap
    }

    /// How long nothing was asked.
    var idle: Duration { ContinuousClock.now - lastUse }

    /// Ends the connection. Only ``open(until:)`` makes a new one.
    func close() {
        if descriptor != nil { tap?.saw(.closed, at: .now) }
        handle = nil
        descriptor = nil
        wasDropped = false
    }

    /// Ends the connection, if there is one. The next question makes a new one.
    func drop() {
        guard descriptor != nil else { return }
        close()
        wasDropped = true
    }

    // MARK: - Connecting

    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) {
        guard descriptor == nil else { return }
        wasDropped = false
        // Looked up each time, since a device may have got another address meanwhile (F30).
        let addresses = try names.addresses(until: deadline)
        var failure = LinkFault(.unknownHost)
        for (index, address) in addresses.enumerated() {
            let left = deadline - .now
            guard left > .zero else { throw .down(ETIMEDOUT) }
            do throws(LinkFault) {
                // A silent address leaves time for those after it.
                try connect(to: address, within: left / (addresses.count - index))
                return
            } catch {
                failure = Self.named(error)
            }
        }
        throw failure
    }

    private func connect(to address: String, within limit: Duration) throws(LinkFault) {
        try DescriptorLimit.check()
        let handle = try LibmodbusHandle.tcp(address: address, port: port)
        try handle.connect(timeout: limit)
        let descriptor = handle.descriptor
        let silence = Self.silenceLimit
        let options = koppel_tcp_options(descriptor, silence, silence / 3, 3, UInt32(silence) * 1_000)
        guard options == 0 else { throw .down(-options) }
        self.handle = consume handle
        self.descriptor = descriptor
        connections += 1
        unanswered = 0
        hasAnswered = false
        lastUse = .now
        tap?.saw(.opened, at: lastUse)
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

    /// Asks over the connection, which is made first if it was dropped. The connection is closed when it fails.
    ///
    /// - Throws: ENOTCONN if it is closed; what `ask` throws.
    func exchange(
        until deadline: ContinuousClock.Instant, _ ask: (Int32) throws(LinkFault) -> Exchange
    ) throws(LinkFault) -> Exchange {
        let mayBeEnding = descriptor != nil && idle >= Self.idleLimit
        do throws(LinkFault) {
            return try attempt(until: deadline, ask)
        } catch {
            guard mayBeEnding, Self.isLoss(error), ContinuousClock.now < deadline else { throw error }
            wasDropped = true
            return try attempt(until: deadline, ask)
        }
    }

    private func attempt(
        until deadline: ContinuousClock.Instant, _ ask: (Int32) throws(LinkFault) -> Exchange
    ) throws(LinkFault) -> Exchange {
        if wasDropped { try open(until: deadline) }
        guard let descriptor else { throw .down(ENOTCONN) }
        lastUse = .now
        do throws(LinkFault) {
            let exchange = try ask(descriptor)
            lastUse = .now
            return exchange
        } catch {
            lastUse = .now
            guard case .linkDown(let errno) = error.kind, errno != ECANCELED else { throw error }
            close()
            // Taken and ended again without a word: how a device turns away who is one too many (F25).
            throw Self.isLoss(error) && !hasAnswered ? LinkFault(.refused) : error
        }
    }

    private static func isLoss(_ fault: LinkFault) -> Bool {
        [.down(EPIPE), .down(ECONNRESET)].contains(fault)
    }

    /// The question was answered, be it wrongly.
    func answered() {
        hasAnswered = true
        unanswered = 0
    }

    /// Nothing came in answer to the question. Ends a connection that may be half-open.
    func wentUnanswered() {
        unanswered += 1
        if unanswered >= Self.patience { drop() }
    }

    func send(_ frame: Span<UInt8>) throws(LinkFault) {
        guard let descriptor else { throw .down(ENOTCONN) }
        tap?.saw(frame, .sent, at: .now)
        let result = unsafe frame.withUnsafeBytes { bytes in
            // MSG_NOSIGNAL: a peer that is gone is an error, not a signal that ends the process (F10).
            CallResult(unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
        }
        guard result.value == frame.count else { throw .down(result.errno == 0 ? EAGAIN : result.errno) }
    }

    /// True if the other side has ended the connection and nothing it sent before is left to read.
    var hasEnded: Bool {
        guard let descriptor else { return false }
        var byte: UInt8 = 0
        let result = CallResult(unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)))
        return result.errno == 0 ? result.value == 0 : result.errno != EAGAIN && result.errno != EINTR
    }
}
