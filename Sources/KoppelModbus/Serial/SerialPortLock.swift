internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Keeps a serial port for this process (field rule P12, fault R14).
///
/// Three locks, since programs differ in what they respect: `flock` on the device, also for those run by root; TIOCEXCL
/// (``exclude(_:)``); and a lock file as modem programs make it. A program that respects none of them is found among
/// the open files of the processes. All is done before libmodbus opens the port, so a port that somebody else uses keeps
/// its settings.
@safe struct SerialPortLock: ~Copyable {
    /// Only to ask about the port: reading and writing is libmodbus's.
    let descriptor: Int32
    private let file: PortLockFile?

    /// - Throws: `portInUse` if another program holds the port; otherwise what `open` says.
    init(device: String, lockFolder: String = PortLockFile.folder) throws(LinkFault) {
        let path = PortHolder.realPath(device) ?? device
        let opened = CallResult(unsafe Glibc.open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
        if opened.errno == EBUSY { throw Self.inUse(path, lockFolder) }
        guard opened.errno == 0 else { throw .down(opened.errno) }
        let descriptor = Int32(opened.value)
        do throws(LinkFault) {
            guard isatty(descriptor) == 1 else {
                throw LinkFault(
                    .unusable("\(device) is not a serial port. Give the path of a tty, best below /dev/serial/by-id"))
            }
            let locked = CallResult(flock(descriptor, LOCK_EX | LOCK_NB))
            if locked.errno == EWOULDBLOCK { throw Self.inUse(path, lockFolder) }
            guard locked.errno == 0 else { throw .down(locked.errno) }
            if let holder = PortHolder.other(of: path) { throw LinkFault(.portInUse(by: holder.description)) }
            file = try PortLockFile(port: path, folder: lockFolder)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    /// Refuses further opens of the port that has been opened as `port`.
    borrowing func exclude(_ port: Int32) throws(LinkFault) {
        let result = koppel_serial_exclusive(port)
        guard result == 0 else { throw .down(-result) }
    }

    deinit { Glibc.close(descriptor) }

    /// Names the holder as well as it can be found.
    private static func inUse(_ path: String, _ lockFolder: String) -> LinkFault {
        let holder = PortHolder.other(of: path) ?? PortLockFile.holder(of: path, in: lockFolder)
        return LinkFault(.portInUse(by: holder?.description ?? "another bus or program"))
    }
}
