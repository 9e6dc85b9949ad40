internal import CLinuxShims
internal import Glibc
internal import KoppelExecutor
internal import Synchronization

/// A serial device server: what a TCP client writes goes to a serial port, and what the port says goes to the client.
///
/// It serves one client at a time, as the cheap ones do, on a port of its own on loopback.
package actor SerialDeviceServer {
    /// How the bytes of the serial line are cut into pieces of the stream.
    package enum Packing: Sendable, CaseIterable {
        case asTheyCome
        /// Each byte on its own.
        case singleBytes
        /// What comes within 15 ms together.
        case gathered
        /// Three bytes of noise before each piece.
        case withNoise
    }

    package struct NotAvailable: Error { package let errno: Int32 }

    private nonisolated let thread = ThreadExecutor(name: "device server")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    package nonisolated let port: UInt16
    private let packing: Packing
    private let serial: Int32
    private let listener: Int32
    private nonisolated let isDone = Atomic(false)

    /// `path` is the serial port.
    package init(path: String, packing: Packing) throws {
        self.packing = packing
        serial = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard serial >= 0 else { throw NotAvailable(errno: errno) }
        var settings = termios()
        tcgetattr(serial, &settings)
        cfmakeraw(&settings)
        tcsetattr(serial, TCSANOW, &settings)
        (listener, port) = listeningSocket()
        guard listener >= 0 else { throw NotAvailable(errno: errno) }
    }

    deinit {
        close(serial)
        close(listener)
    }

    package nonisolated func whileServing<Result: Sendable>(
        _ body: (UInt16) async throws -> Result
    ) async throws -> Result {
        try await running({ await self.serve() }, until: { isDone.store(true, ordering: .relaxed) }) {
            try await body(port)
        }
    }

    private func serve() {
        var client: Int32 = -1
        var bytes = [UInt8](repeating: 0, count: 512)
        while !isDone.load(ordering: .relaxed) {
            let ready = koppel_poll2(serial, client >= 0 ? client : listener, 0, 20_000_000)
            if ready & 1 != 0 {
                // Such a server waits until a frame, or two, are together; on a thread of its own.
                if packing == .gathered { usleep(15_000) }
                let count = read(serial, &bytes, bytes.count)
                if count > 0, client >= 0 { pass(bytes[..<count], to: client) }  // without a client it is lost
            }
            guard ready & 0b1010 != 0 else { continue }
            if client < 0 {
                client = accept(listener, nil, nil)
                var on: Int32 = 1
                setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            } else {
                let count = recv(client, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                if count > 0 {
                    _ = write(serial, bytes, count)
                } else {
                    close(client)
                    client = -1
                }
            }
        }
        if client >= 0 { close(client) }
    }

    private func pass(_ bytes: ArraySlice<UInt8>, to client: Int32) {
        switch packing {
        case .asTheyCome, .gathered: put(Array(bytes), client)
        case .withNoise: put([0xFF, 0x00, 0x7E] + bytes, client)
        case .singleBytes:
            for byte in bytes {
                put([byte], client)
                usleep(300)  // so that each byte is a segment of its own
            }
        }
    }

    private func put(_ bytes: [UInt8], _ client: Int32) {
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))  // a client that is gone is seen by the next read
    }
}
