internal import Foundation
internal import Glibc

/// Tells systemd how the daemon is doing (sd_notify: a datagram to the socket named in NOTIFY_SOCKET).
///
/// Does nothing when the process was not started by systemd. The protocol is a public interface of systemd
/// (man 3 sd_notify), and one datagram needs no library.
struct ServiceNotifier: Sendable {
    private let path: String?
    /// How often systemd wants to hear from us, half of `WATCHDOG_USEC`; `nil` without a watchdog.
    let watchdogInterval: Duration?

    init(environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"]
        let forUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        watchdogInterval =
            forUs
            ? environment["WATCHDOG_USEC"].flatMap(Int.init).flatMap { $0 > 1 ? .microseconds($0 / 2) : nil } : nil
    }

    func ready() { send("READY=1\nSTATUS=Polling") }
    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)")
    }
    func stopping() { send("STOPPING=1") }
    func alive() { send("WATCHDOG=1") }

    /// A notification that does not arrive is for systemd to judge: it restarts a service it does not hear of.
    private func send(_ text: String) {
        guard let path, path.utf8.count < 108 else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let length = MemoryLayout<sa_family_t>.size + path.utf8.count
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            bytes.copyBytes(from: path.utf8)
            if path.hasPrefix("@") { bytes[0] = 0 }  // an abstract socket
        }
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
    }
}
