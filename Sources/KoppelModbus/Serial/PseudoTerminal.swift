internal import CLinuxShims
internal import Glibc
package import KoppelCore

/// A serial line without hardware: what is written to one end can be read at the other. The demo runs RTU on it.
///
/// One end is a descriptor, ``near``; the other has a path that is opened like a serial port. Both are closed when
/// the value goes.
package final class PseudoTerminal: Sendable {
    package let near: Int32
    /// Kept open, so that the near end does not see a hang-up each time a reader closes the port.
    private let far: Int32
    /// The path of the far end, for example `/dev/pts/3`. It is given to somebody else after this value has gone.
    package let path: String

    /// - Throws: ``BusError`` of kind `linkDown` with errno when the system gives no terminal.
    package init() throws(BusError) {
        var (near, far): (Int32, Int32) = (-1, -1)
        var path = [CChar](repeating: 0, count: 64)
        let result = unsafe koppel_open_pty(&near, &far, &path, 64)
        guard result == 0 else {
            throw BusError(kind: .linkDown(errno: -result), bus: "pseudo-terminal", request: nil, elapsed: .zero)
        }
        self.near = near
        self.far = far
        self.path = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        close(near)
        close(far)
    }
}
