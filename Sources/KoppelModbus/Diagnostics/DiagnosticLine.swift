internal import Glibc
package import KoppelCore
internal import KoppelExecutor

/// A bus as bytes, for finding out what is wrong with it: it can listen, and ask one read in either framing.
///
/// What it sends is made from a ``ReadRequest``, so it can only read. It keeps at most 4,096 bytes of one wait.
package actor DiagnosticLine {
    /// What came in one wait.
    package struct Heard: Sendable {
        package var bytes: [UInt8]
        /// From the beginning of the wait to the first byte.
        package var firstAfter: Duration?
        /// True if the other side ended the connection.
        package var hasEnded: Bool
    }

    private static let mostBytes = 4_096

    private nonisolated let thread = ThreadExecutor(name: "bus doctor")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private let bus: BusSettings
    private let socket: TCPSocket?
    private let port: RTUTransport?
    private var transaction: UInt16 = 0

    package init(_ bus: BusSettings) {
        self.bus = bus
        switch bus.endpoint {
        case .tcp(let host, let port), .rtuOverTCP(let host, let port, _):
            socket = TCPSocket(names: SystemHostNames(host: host), port: port)
            self.port = nil
        case .rtu(let device, let line):
            socket = nil
            port = RTUTransport(device: device, line: line)
        }
    }

    /// Opens the port or connects, if that is not the case.
    ///
    /// - Throws: ``BusError`` if the port cannot be opened or nobody accepts the connection.
    package func open() throws(BusError) {
        let begin = ContinuousClock.now
        do throws(LinkFault) {
            try socket?.open(until: begin + bus.timeout)
            try port?.open(until: begin + bus.timeout)
        } catch {
            throw BusError(kind: error.kind, bus: bus.id.description, request: nil, elapsed: .now - begin)
        }
    }

    package func close() {
        socket?.close()
        port?.close()
    }

    /// Everything that comes in this time.
    package func listen(for duration: Duration) -> Heard { hear(until: .now + duration, quiet: nil) }

    /// Asks and returns what came: until the time is over, or the line has been quiet for `quiet` after some bytes.
    ///
    /// What stood in the buffers before is thrown away.
    package func ask(_ request: ReadRequest, framing: Framing, for duration: Duration, quiet: Duration) -> Heard {
        _ = hear(until: .now, quiet: nil)
        do throws(LinkFault) {
            let pdu = RequestPDU(request)
            if let port {
                try port.send(pdu, unit: request.unit)
            } else if framing == .rtu {
                try socket?.send(RTU.frame(pdu, unit: request.unit).span)
            } else {
                transaction &+= 1
                try socket?.send(MBAP.frame(pdu, unit: request.unit, transaction: transaction).span)
            }
        } catch {
            close()
            return Heard(bytes: [], firstAfter: nil, hasEnded: true)
        }
        return hear(until: .now + duration, quiet: quiet)
    }

    /// The bytes of a question in RTU frames, by which an echo is known.
    package static func rtuBytes(_ request: ReadRequest) -> [UInt8] {
        let frame = RTU.frame(RequestPDU(request), unit: request.unit)
        return frame.indices.map { frame[$0] }
    }

    private func hear(until deadline: ContinuousClock.Instant, quiet: Duration?) -> Heard {
        let begin = ContinuousClock.now
        var heard = Heard(bytes: [], firstAfter: nil, hasEnded: false)
        var limit = deadline
        var buffer = ReceiveBuffer()
        guard let descriptor = socket?.descriptor ?? port?.descriptor else {
            heard.hasEnded = true
            return heard
        }
        do throws(LinkFault) {
            while heard.bytes.count < Self.mostBytes, try Waiting.readable(descriptor, until: limit) {
                guard try buffer.read(from: descriptor) > 0 else { continue }
                let now = ContinuousClock.now
                heard.firstAfter = heard.firstAfter ?? now - begin
                buffer.withBytes { bytes in for index in bytes.indices { heard.bytes.append(bytes[index]) } }
                buffer.discardAll()
                if let quiet { limit = min(deadline, now + quiet) }
                // A line that never stops talking must not hold the wait beyond its end.
                if now >= deadline { break }
            }
        } catch {
            heard.hasEnded = error != .cancelled
            if heard.hasEnded { close() }
        }
        return heard
    }
}
