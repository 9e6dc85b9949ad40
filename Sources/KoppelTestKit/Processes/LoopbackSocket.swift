internal import Glibc

/// A TCP port on loopback that is free for the test that asked, and for nobody else as long as the tests run.
///
/// Nothing listens there, so connecting is refused until the test starts a server on it. The port is bound and stays so
/// to the end of the process (one descriptor each): two tests at a time are never given the same one, and neither is a
/// server that lets the kernel choose. A server that sets SO_REUSEADDR, as mosquitto does, may bind beside us, since we
/// do not listen.
package func freePort() -> UInt16 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            _ = bind(socket, generic, length)  // with port 0 the kernel picks one; a failure shows as port 0
            _ = getsockname(socket, generic, &length)
        }
        return UInt16(bigEndian: pointer.pointee.sin_port)
    }
}

/// A socket that is connected to a port on loopback, or -1.
func connectedSocket(port: UInt16) -> Int32 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    if result == 0 { return socket }
    close(socket)
    return -1
}

/// A socket that listens on a free port on loopback, and the port; -1 if there is none.
package func listeningSocket() -> (socket: Int32, port: UInt16) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(socket, generic, length) == 0 && listen(socket, 8) == 0 ? getsockname(socket, generic, &length) : -1
        }
    }
    if result == 0 { return (socket, UInt16(bigEndian: address.sin_port)) }
    close(socket)
    return (-1, 0)
}

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
