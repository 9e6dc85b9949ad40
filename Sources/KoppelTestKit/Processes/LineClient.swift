internal import Glibc
internal import KoppelExecutor

/// Sends one line to a TCP port of this machine and reads one line back, on a thread of its own.
package actor LineClient {
    private nonisolated let thread = ThreadExecutor(name: "line client")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package struct Failed: Error { package let errno: Int32 }

    package init() {}

    /// - Returns: The answer without its line feed; at most 64 KiB.
    package func ask(_ line: String, port: UInt16) throws(Failed) -> String {
        let socket = try connected(to: port)
        defer { close(socket) }
        let request = Array((line + "\n").utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Failed(errno: errno)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while answer.last != UInt8(ascii: "\n"), answer.count < 65_536 {
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { throw Failed(errno: count == 0 ? EPIPE : errno) }
            answer += chunk[..<count]
        }
        return String(decoding: answer.dropLast(), as: UTF8.self)
    }

    private func connected(to port: UInt16) throws(Failed) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failed(errno: errno) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let reason = errno
            close(socket)
            throw Failed(errno: reason)
        }
        return socket
    }
}
