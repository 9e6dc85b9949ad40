internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Keeps a serial port for this process (field rule P12, fault R14).
///
/// `flock` on the device stops every program that asks for the lock, also those run by root; TIOCEXCL
/// (``exclude(_:)``) stops the others. The lock is taken before libmodbus opens the port, so a port that somebody
/// else uses keeps its settings.
@safe struct SerialPortLock: ~Copyable {
    private let descriptor: Int32

    /// - Throws: EBUSY if another program holds the port; otherwise what `open` says.
    init(device: String) throws(LinkFault) {
        let opened = CallResult(unsafe Glibc.open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
        guard opened.errno == 0 else { throw .down(opened.errno) }
        let descriptor = Int32(opened.value)
        guard isatty(descriptor) == 1 else {
            Glibc.close(descriptor)
            throw LinkFault(
                .unusable("\(device) is not a serial port. Give the path of a tty, best below /dev/serial/by-id"))
        }
        let locked = CallResult(flock(descriptor, LOCK_EX | LOCK_NB))
        guard locked.errno == 0 else {
            Glibc.close(descriptor)
            throw .down(locked.errno == EWOULDBLOCK ? EBUSY : locked.errno)
        }
        self.descriptor = descriptor
    }

    /// Refuses further opens of the port that has been opened as `port`.
    borrowing func exclude(_ port: Int32) throws(LinkFault) {
        let result = koppel_serial_exclusive(port)
        guard result == 0 else { throw .down(-result) }
    }

    deinit { Glibc.close(descriptor) }
}
