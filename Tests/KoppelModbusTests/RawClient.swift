import Glibc
import KoppelExecutor

/// A bare socket on a thread of its own; a read takes two seconds at most.
actor RawClient {
    struct Failed: Error { let errno: Int32 }

    private nonisolated let thread = ThreadExecutor(name: "raw client")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let socket: Int32

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 2, tv_usec: 0)
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
        guard result == 0 else { throw Failed(errno: errno) }
    }

    deinit { close(socket) }

    func ask(_ request: [UInt8], expecting length: Int) throws -> [UInt8] {
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Failed(errno: errno)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 300)
        while answer.count < length {
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { throw Failed(errno: count == 0 ? EPIPE : errno) }
            answer += chunk[..<count]
        }
        return answer
    }
}
