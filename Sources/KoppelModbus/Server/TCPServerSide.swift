internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// The server's end of Modbus TCP: libmodbus listens, receives and answers for several clients in turn.
final class TCPServerSide: ServerSide {
    /// A client that stops inside a request is disconnected after this many milliseconds.
    static let patience: UInt32 = 500
    /// Where the unit id stands, right before the function code.
    private static let unitIndex = MBAP.headerLength - 1

    let port: UInt16
    private let handle: LibmodbusHandle
    private let listener: Int32
    private let service: RegisterService
    private var clients: [Int32] = []
    private var frame = [UInt8](repeating: 0, count: 260)

    init(host: String, port: UInt16, service: RegisterService) throws(LinkFault) {
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
        clients.forEach { close($0) }
        close(listener)
    }

    func serve(until wake: WakeUp) throws(LinkFault) {
        while true {
            var polled = ([wake.descriptor, listener] + clients).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let result = CallResult(unsafe poll(&polled, nfds_t(polled.count), -1))
            guard result.errno == 0 || result.errno == EINTR else { throw .down(result.errno) }
            if polled[0].revents != 0 { return }
            for client in polled.dropFirst(2) where client.revents != 0 && !answerOne(client.fd) {
                clients.removeAll { $0 == client.fd }
                close(client.fd)
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
            clients.append(client)
        case ECONNABORTED, EINTR, EAGAIN: return
        default: throw .down(accepted.errno)
        }
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
