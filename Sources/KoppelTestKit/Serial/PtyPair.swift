internal import CLinuxShims
internal import Glibc

/// A serial line without hardware. What is written to one end can be read at the other.
///
/// Both ends are open as long as the value lives.
package final class PtyPair: Sendable {
    package struct NotAvailable: Error { package let errno: Int32 }

    package let near: Int32
    package let far: Int32
    /// Opened like a serial port, for example `/dev/pts/3`.
    package let farPath: String

    package init() throws(NotAvailable) {
        var (near, far): (Int32, Int32) = (-1, -1)
        var path = [CChar](repeating: 0, count: 64)
        let result = koppel_open_pty(&near, &far, &path, 64)
        guard result == 0 else { throw NotAvailable(errno: -result) }
        self.near = near
        self.far = far
        farPath = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        close(near)
        close(far)
    }
}
