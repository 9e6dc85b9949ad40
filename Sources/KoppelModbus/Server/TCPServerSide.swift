internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// The server's end of a TCP port, for several clients in turn. libmodbus listens; of Modbus TCP it also receives and
/// answers. RTU frames on TCP it does not know, so they are found and answered by us.
final class TCPServerSide: ServerSide {
    enum Framing { case mbap, rtu }

    private struct Client {
        let descriptor: Int32
        /// What was received and not answered yet; used with RTU frames only.
        var buffer = ReceiveBuffer()
    }

    /// A client that stops inside a request is disconnected after this many milliseconds.
    static let patience: UInt32 = 500
    /// Where the unit id stands, right before the function code.
    private static let unitIndex = MBAP.headerLength - 1

    let port: UInt16
    private let handle: LibmodbusHandle
    private let listener: Int32
    private let service: RegisterService
    private let framing: Framing
    private var clients: [Client] = []
    private var frame = [UInt8](repeating: 0, count: 260)

    init(host: String, port: UInt16, framing: Framing, service: RegisterService) throws(LinkFault) {
        self.framing = framing
        handle = try LibmodbusHandle.tcp(address: host, port: port)
        let backlog = Int32(ModbusServer.maximumClients)
        let listening =
            host.utf8.contains(UInt8(ascii: ":"))
            ? handle.listenIPv6(backlog: backlog) : handle.listen(backlog: backlog)
        guard listening.errno == 0 else { throw .down(listening.errno) }
        listener = Int32(listening.value)
        handle.limitReceiving(to: Self.patience)
        self.port = UInt16(clamping: koppel_local_port(listener))
        self.service = service
    }

    deinit {
        handle.use(-1)  // the clients' descriptors are closed here, not by the context
        clients.forEach { close($0.descriptor) }
        close(listener)
    }

    func serve(until wake: WakeUp) throws(LinkFault) {
        while true {
            var polled = ([wake.descriptor, listener] + clients.map(\.descriptor)).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let result = CallResult(unsafe poll(&polled, nfds_t(polled.count), -1))
            guard result.errno == 0 || result.errno == EINTR else { throw .down(result.errno) }
            if polled[0].revents != 0 { return }
            // From the last, since those that go move the ones behind them.
            for index in clients.indices.reversed() where polled[2 + index].revents != 0 && !serve(index) {
                close(clients.remove(at: index).descriptor)
            }
            if polled[1].revents != 0 { try accept() }
        }
    }

    private func accept() throws(LinkFault) {
        let accepted = CallResult(Glibc.accept(listener, nil, nil))
        let client = Int32(accepted.value)
        switch accepted.errno {
        case 0:
            // Receiving waits with select, which takes no higher descriptor.
            guard clients.count < ModbusServer.maximumClients, client <= DescriptorLimit.highest else {
                close(client)
                return
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)  // fails for a bad descriptor only
            _ = koppel_tcp_options(client, 15, 5, 3, 15_000)  // a connection without them works the same
            clients.append(Client(descriptor: client))
        case ECONNABORTED, EINTR, EAGAIN: return
        default: throw .down(accepted.errno)
        }
    }

    private func serve(_ index: Int) -> Bool {
        switch framing {
        case .mbap: answerOne(clients[index].descriptor)
        case .rtu: answerAll(&clients[index])
        }
    }

    /// False if the connection is at its end. A unit that is not served is silent, as on the line that a device server
    /// passes on.
    private func answerAll(_ client: inout Client) -> Bool {
        do throws(LinkFault) {
            _ = try client.buffer.read(from: client.descriptor)
        } catch {
            return false
        }
        while let found = client.buffer.withBytes({ RTU.findRequest(in: $0, isServed: service.serves) }) {
            let request = client.buffer.withBytes { bytes in found.map { bytes[$0] } }
            client.buffer.discard(found.upperBound)
            let answer = RTU.answer(service, to: request)
            guard unsafe send(client.descriptor, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else {
                return false
            }
        }
        return true
    }

    /// False if the connection is at its end, or what came is not Modbus.
    private func answerOne(_ client: Int32) -> Bool {
        handle.use(client)
        let received = handle.receive(into: &frame)
        guard received.errno == 0 else { return false }
        let length = received.value
        guard length > MBAP.headerLength else { return true }
        guard frame[2] == 0, frame[3] == 0 else { return false }
        let answer = service.answer(
            unit: frame[Self.unitIndex], pdu: frame.span.extracting(MBAP.headerLength..<length))
        // The library does not know how long a request with an unknown function code is, and leaves the rest.
        if frame[MBAP.headerLength] > 6 { handle.flush() }
        return handle.send(answer, to: frame, length: length)
    }
}

extension RTU {
    /// The frame that answers a request frame.
    fileprivate static func answer(_ service: RegisterService, to request: [UInt8]) -> [UInt8] {
        let pdu =
            switch service.answer(unit: request[0], pdu: request.span.extracting(1..<request.count - 2)) {
            case .words(let words, let read): AnswerPDU.bytes(.words(words), to: read.table)
            case .exception(let exception): [request[1] | 0x80, exception.code]
            }
        let frame = [request[0]] + pdu
        let sum = checksum(frame.span)
        return frame + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    }
}
