internal import CLibmodbus
internal import CLinuxShims
internal import Glibc
package import KoppelCore
internal import KoppelExecutor

/// A Modbus server for reading: the machines of `koppel simulate` and `koppel demo`, and of the tests.
///
/// It runs on a thread of its own and serves several units behind one endpoint, on TCP to at most
/// ``maximumClients`` clients at once. It answers writes with exception 1. A unit it does not serve is answered with
/// exception 11 on Modbus TCP and not at all where RTU is spoken, since another device may have that address.
package actor ModbusServer {
    /// What a unit has to say to a read. Runs on the server's thread and holds up all its clients meanwhile.
    ///
    /// Returns exactly as many words as asked for, or an exception; a wrong number is answered with exception 4.
    package typealias Values =
        @Sendable (_ unit: UnitID, _ table: RegisterTable, _ start: UInt16, _ count: Int) -> ReadOutcome

    /// More clients than these are disconnected at once.
    package static let maximumClients = 16

    /// Where to serve.
    package enum Place: Sendable {
        /// A numeric address of this machine; port 0 takes a free one (``port``).
        case tcp(host: String, port: UInt16)
        /// The same with RTU frames, as a serial device server has it.
        case rtuOverTCP(host: String, port: UInt16)
        /// A serial port, held for this process only.
        case serial(device: String, line: SerialLine)
        /// The near end of a pseudo-terminal.
        case terminal(PseudoTerminal, line: SerialLine)
    }

    private nonisolated let thread: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// The TCP port it listens on; `nil` on a serial line.
    package nonisolated let port: UInt16?

    private let side: any ServerSide
    private let wake: WakeUp

    /// Opens the endpoint. Clients can connect from here on; they are answered by ``run()``.
    ///
    /// - Throws: ``BusError`` if the port is taken or the device cannot be opened.
    package init(_ place: Place, units: Set<UnitID>, values: @escaping Values) throws(BusError) {
        let service = RegisterService(units: units, values: values)
        do throws(LinkFault) {
            wake = try WakeUp()
            switch place {
            case .tcp(let host, let port):
                let side = try TCPServerSide(host: host, port: port, framing: .mbap, service: service)
                self.port = side.port
                self.side = side
            case .rtuOverTCP(let host, let port):
                let side = try TCPServerSide(host: host, port: port, framing: .rtu, service: service)
                self.port = side.port
                self.side = side
            case .serial(let device, let line):
                port = nil
                side = try SerialServerSide(device: device, line: line, service: service)
            case .terminal(let terminal, let line):
                port = nil
                side = try SerialServerSide(terminal: terminal, line: line, service: service)
            }
        } catch {
            throw BusError(kind: error.kind, bus: "server at \(place)", request: nil, elapsed: .zero)
        }
        thread = ThreadExecutor(name: "modbus server")
    }

    /// Serves until the task is cancelled or ``stop()`` is called. Use it once.
    ///
    /// - Throws: ``BusError`` if the serial port is gone or the listening socket fails.
    package func run() async throws(BusError) {
        let wake = wake
        let result = await withTaskCancellationHandler {
            serve()
        } onCancel: {
            wake.signal()
        }
        if let fault = result {
            throw BusError(kind: fault.kind, bus: "server", request: nil, elapsed: .zero)
        }
    }

    private func serve() -> LinkFault? {
        do throws(LinkFault) {
            try side.serve(until: wake)
            return nil
        } catch {
            return error
        }
    }

    /// Ends ``run()``, also one that has not begun yet.
    package nonisolated func stop() { wake.signal() }
}

/// One kind of endpoint. Blocking; used on the server's thread only.
protocol ServerSide: AnyObject {
    func serve(until wake: WakeUp) throws(LinkFault)
}

/// A descriptor that becomes readable once and stays so.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() throws(LinkFault) {
        descriptor = koppel_eventfd()
        guard descriptor >= 0 else { throw .down(-descriptor) }
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)  // fails only when the counter is full, and then it is readable anyway
    }
}

/// The answer to any request PDU: what both kinds of endpoint have in common.
struct RegisterService: Sendable {
    let units: Set<UnitID>
    let values: ModbusServer.Values

    enum Answer {
        case words([UInt16], ReadRequest)
        case exception(ModbusException)
    }

    func serves(_ unit: UInt8) -> Bool { units.contains(UnitID(unit)) }

    func answer(unit: UInt8, pdu: Span<UInt8>) -> Answer {
        guard serves(unit) else { return .exception(ModbusException(code: 11)) }
        guard pdu.count > 0, RegisterTable(rawValue: pdu[0]) != nil else {
            return .exception(ModbusException(code: 1))
        }
        guard let request = RequestPDU.read(unit: unit, pdu: pdu) else {
            return .exception(ModbusException(code: 3))
        }
        switch values(request.unit, request.table, request.start, Int(request.count)) {
        case .words(let words) where words.count == Int(request.count): return .words(words, request)
        case .words: return .exception(ModbusException(code: 4))
        case .exception(let exception): return .exception(exception)
        }
    }
}

extension LibmodbusHandle {
    /// Sends the answer to the request that stands at the start of `frame`. False if the connection failed.
    borrowing func send(_ answer: RegisterService.Answer, to frame: [UInt8], length: Int) -> Bool {
        switch answer {
        case .words(let words, let request):
            reply(to: frame, length: length, request: request, words: words).errno == 0
        case .exception(let exception): replyException(exception, to: frame).errno == 0
        }
    }
}
