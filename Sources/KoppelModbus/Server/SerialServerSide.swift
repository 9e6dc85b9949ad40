internal import Glibc
internal import KoppelCore

/// The server's end of a serial line. libmodbus sets the port up and answers; requests are found by us, since the
/// library listens for one unit id only.
final class SerialServerSide: ServerSide {
    /// What follows each other closer than this belongs to one frame.
    static let frameEnd = Duration.milliseconds(30)

    private let handle: LibmodbusHandle
    private let lock: SerialPortLock?
    private let terminal: PseudoTerminal?
    private let descriptor: Int32
    private let line: SerialLine
    private let service: RegisterService
    private var buffer = ReceiveBuffer()

    init(device: String, line: SerialLine, service: RegisterService) throws(LinkFault) {
        try SerialPort.check(line)
        let lock = try SerialPortLock(device: device)
        handle = try LibmodbusHandle.rtu(device: device, line: line)
        try handle.connect(timeout: .seconds(1))
        descriptor = handle.descriptor
        try lock.exclude(descriptor)
        self.lock = consume lock
        terminal = nil
        self.line = line
        self.service = service
    }

    init(terminal: PseudoTerminal, line: SerialLine, service: RegisterService) throws(LinkFault) {
        try SerialPort.check(line)
        handle = try LibmodbusHandle.rtu(on: terminal.near, line: line)
        descriptor = terminal.near
        lock = nil
        self.terminal = terminal
        self.line = line
        self.service = service
    }

    func serve(until wake: WakeUp) throws(LinkFault) {
        while true {
            var polled = [wake.descriptor, descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let limit = buffer.isEmpty ? -1 : Int32(Self.frameEnd.wholeNanoseconds / 1_000_000)
            let result = CallResult(unsafe poll(&polled, 2, limit))
            guard result.errno == 0 || result.errno == EINTR else { throw .down(result.errno) }
            if polled[0].revents != 0 { return }
            if polled[1].revents != 0 {
                if try buffer.read(from: descriptor) > 0 { try answerAll() }
            } else if result.value == 0 {
                buffer.discardAll()  // a silence ends a frame, and this was none for us
            }
        }
    }

    private func answerAll() throws(LinkFault) {
        while let found = buffer.withBytes({ RTU.findRequest(in: $0, isServed: service.serves) }) {
            let frame = buffer.withBytes { bytes in found.map { bytes[$0] } }
            buffer.discard(found.upperBound)
            // The silence that ends the request.
            try Waiting.pause(until: .now + line.frameSilence)
            let answer = service.answer(unit: frame[0], pdu: frame.span.extracting(1..<frame.count - 2))
            guard handle.send(answer, to: frame, length: frame.count) else { throw .down(EIO) }
        }
    }
}

extension RTU {
    /// Where a request to a unit that is served stands; checksum included. `nil` if there is none (yet).
    static func findRequest(in bytes: Span<UInt8>, isServed: (UInt8) -> Bool) -> Range<Int>? {
        guard bytes.count >= 8 else { return nil }
        for start in 0...bytes.count - 8 where isServed(bytes[start]) {
            let length =
                switch bytes[start + 1] {
                case 15, 16: 9 + Int(bytes[start + 6])
                default: 8
                }
            guard start + length <= bytes.count else { continue }
            if hasValidChecksum(bytes.extracting(start..<start + length)) { return start..<start + length }
        }
        return nil
    }
}
