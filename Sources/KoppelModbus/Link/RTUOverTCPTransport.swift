internal import Glibc
internal import KoppelCore

/// RTU frames on a TCP connection, to a serial device server (`rtu+tcp`).
///
/// Such a server passes bytes on: frames come in pieces, glued together, or with noise, and carry no transaction id.
/// So everything holds that holds on a serial line (``RTUConversation``). The silences of the line behind the server are
/// the server's business; how long one is not known here. What the URL says of the line is used, else that of 9600 8E1,
/// 4 ms after an answer: enough to hear what follows it in the same stream.
final class RTUOverTCPTransport: Transport, RTUWire {
    private let socket: TCPSocket
    private var conversation: RTUConversation
    /// The connection that the conversation is on.
    private var connection = 0

    init(
        socket: TCPSocket, line: SerialLine, longest: Duration, patience: RTUConversation.Patience = .waits,
        tap: (any FrameTap)? = nil
    ) {
        self.socket = socket
        conversation = RTUConversation(line: line, longest: longest, patience: patience, tap: tap)
    }

    var counters: LinkCounters { conversation.counters }

    func open(until deadline: ContinuousClock.Instant) throws(LinkFault) { try socket.open(until: deadline) }

    func rest() { socket.drop() }

    var connections: Int { socket.connections }

    func close() { socket.close() }

    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange {
        let begin = ContinuousClock.now
        if socket.hasEnded { socket.drop() }
        return try socket.exchange(until: begin + timeout) { descriptor throws(LinkFault) in
            if connection != socket.connections {
                connection = socket.connections
                // A device server may hand out what it had kept for an earlier connection.
                conversation.begin()
            }
            return try ask(request, on: descriptor, timeout: timeout, pause: pause)
        }
    }

    private func ask(
        _ request: ReadRequest, on descriptor: Int32, timeout: Duration, pause: Duration
    ) throws(LinkFault) -> Exchange {
        do throws(LinkFault) {
            let exchange = try conversation.exchange(
                request, over: self, descriptor: descriptor, timeout: timeout, pause: pause)
            socket.answered()
            return exchange
        } catch {
            switch error.kind {
            case .timeout: socket.wentUnanswered()
            case .badFrame: socket.answered()
            case .answerOutstanding, .linkDown, .portInUse, .refused, .unknownHost, .unusable: break
            }
            throw error
        }
    }

    func send(_ pdu: RequestPDU, unit: UnitID) throws(LinkFault) {
        try socket.send(RTU.frame(pdu, unit: unit).span)
    }
}
