internal import CLibmosquitto
internal import Glibc

/// What libmosquitto wants done once per process.
enum MosquittoLibrary {
    /// Initialises the library at the first use. It is never cleaned up: that is left to the end of the process.
    static let isReady: Bool = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// Initialises the library's use of TLS at the first use.
    ///
    /// libmosquitto 2.0.11 does this in the first TLS connection, without a lock (`net__init_tls`), and two
    /// destinations that connect at the same moment could spoil each other's. A connection to a socket of our own,
    /// which nobody ever answers, does it here, once.
    static let tlsIsReady: Bool = {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard isReady, listener >= 0 else { return false }
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16? in
                guard unsafe bind(listener, generic, length) == 0, listen(listener, 1) == 0,
                    unsafe getsockname(listener, generic, &length) == 0
                else { return nil }
                return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
        guard let port, let handle = unsafe mosquitto_new(nil, true, nil) else { return false }
        defer { unsafe mosquitto_destroy(handle) }
        return unsafe mosquitto_tls_set(handle, nil, "/", nil, nil, nil) == MOSQ_ERR_SUCCESS.rawValue
            && mosquitto_connect_async(handle, "127.0.0.1", Int32(port), 60) == MOSQ_ERR_SUCCESS.rawValue
    }()
}
