internal import Glibc
internal import KoppelCore

/// Modbus TCP. libmodbus connects; framing and reading are ours.
///
/// libmodbus 3.1.6 cannot give honest answers here: it sends raw requests with transaction id 0, is one answer
/// behind for good after a late one (F13), takes answers of other units (F16), another protocol (F18) and lying
/// lengths (F19), and waits once per `select` and not once per request (F06).
///
/// An answer with another transaction id is discarded and the wait goes on. When where the next frame begins has
/// become unknown, the connection is dropped and the next question makes a new one (``TCPSocket``).
final class TCPTransport: Transport {
    private let socket: TCPSocket
    private var buffer: ReceiveBuffer
    private var transaction: UInt16 = 0
    /// The connection that ``buffer`` belongs to.
    private var connection = 0

    init(socket: TCPSocket, tap: (any FrameTap)? = nil) {
        self.socket = socket
        buffer = ReceiveBuffer(tap: tap)
    }

    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) { try socket.open(until: deadline) }

    func rest() { socket.drop() }

    var connections: Int { socket.connections }

    func close() { socket.close() }

    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange {
        if pause > .zero { try Waiting.pause(until: .now + pause) }
        let deadline = ContinuousClock.now + timeout
        settle()
        return try socket.exchange(until: deadline) { descriptor throws(LinkFault) in
            if connection != socket.connections {
                connection = socket.connections
                buffer.discardAll()
            }
            return try ask(request, on: descriptor, until: deadline)
        }
    }

    /// Takes what came uninvited. Whole frames are late answers; anything else ends the connection.
    private func settle() {
        guard let descriptor = socket.descriptor else { return }
        do throws(LinkFault) {
            repeat {
                while case .frame(let frame) = buffer.withBytes(MBAP.scan) { buffer.discard(frame.length) }
            } while try buffer.read(from: descriptor) > 0
            if !buffer.isEmpty { socket.drop() }
        } catch {
            socket.drop()
        }
    }

    private func ask(
        _ request: ReadRequest, on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(LinkFault) -> Exchange {
        transaction &+= 1
        let sent = ContinuousClock.now
        try socket.send(MBAP.frame(RequestPDU(request), unit: request.unit, transaction: transaction).span)
        let outcome = try answer(to: request, from: descriptor, until: deadline)
        return Exchange(outcome: outcome, sent: sent, received: .now)
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
                socket.drop()
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
        socket.answered()
        // What follows is no frame, so this one may be the head of one and the tail of another.
        guard buffer.withBytes(MBAP.scan) != .broken else {
            socket.drop()
            throw .bad(.header)
        }
        switch answer {
        case .outcome(let outcome): return outcome
        case .refused(let reason): throw .bad(reason)
        }
    }

    private func gaveUp(sawUnknownTransaction: Bool) -> LinkFault {
        // A frame whose header is ours and whose end did not come says more than it has.
        let isCut = buffer.withBytes(MBAP.transactionOfPartialFrame) == transaction
        socket.wentUnanswered()
        if !buffer.isEmpty { socket.drop() }
        if isCut { return .bad(.length) }
        return sawUnknownTransaction ? .bad(.transaction) : .timeout
    }
}
