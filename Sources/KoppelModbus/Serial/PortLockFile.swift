internal import Glibc
internal import KoppelCore

/// The lock file of a serial port, `LCK..ttyUSB0`, with the process id in ten characters, as programs for modems have
/// made it since UUCP (Filesystem Hierarchy Standard 3.0, 5.9).
///
/// The file of a process that is gone is taken over. Where the folder does not exist or may not be written the port is
/// kept without it: the two other locks hold.
@safe struct PortLockFile: ~Copyable {
    /// Where Linux keeps them.
    static let folder = "/run/lock"

    private let path: String?

    /// `port` is the path of the port without links.
    ///
    /// - Throws: `portInUse` if a living process has the port.
    init(port: String, folder: String) throws(LinkFault) {
        let path = Self.path(of: port, in: folder)
        let own = "\(folder)/LTMP.\(getpid()).\(port.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF })"
        guard Self.write(own) else {
            self.path = nil
            return
        }
        defer { unsafe unlink(own) }
        for _ in 0..<3 {
            // A link is made or not, whatever others do at the same time.
            if unsafe link(own, path) == 0 {
                self.path = path
                return
            }
            guard errno == EEXIST else { break }
            if let holder = Self.holder(of: port, in: folder) {
                throw LinkFault(.portInUse(by: holder.description))
            }
            guard unsafe unlink(path) == 0 || errno == ENOENT else { break }
        }
        self.path = nil
    }

    deinit {
        if let path { unsafe unlink(path) }
    }

    /// The living process that the lock file of a port names; never this one, whose ports are kept by `flock`.
    static func holder(of port: String, in folder: String) -> PortHolder? {
        guard let file = unsafe fopen(path(of: port, in: folder), "r") else { return nil }
        defer { unsafe fclose(file) }
        var text = [UInt8](repeating: 0, count: 16)
        let length = unsafe fread(&text, 1, 16, file)
        let digits = String(decoding: text.prefix(length), as: UTF8.self).filter(\.isNumber)
        var process = Int32(digits)
        // Some programs write the number as four bytes.
        if process == nil, length == 4 {
            process = Int32(bitPattern: text.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
        guard let process, process > 0, process != getpid() else { return nil }
        return kill(process, 0) == 0 || errno == EPERM ? PortHolder(process: process) : nil
    }

    private static func path(of port: String, in folder: String) -> String {
        let name = port.hasPrefix("/dev/") ? port.dropFirst(5) : port.dropFirst(1)
        return "\(folder)/LCK..\(String(name.map { $0 == "/" ? "_" : $0 }))"
    }

    private static func write(_ path: String) -> Bool {
        let number = String(getpid())
        let text = Array((String(repeating: " ", count: max(0, 10 - number.count)) + number + "\n").utf8)
        let opened = CallResult(unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644))
        guard opened.errno == 0 else { return false }
        defer { close(Int32(opened.value)) }
        return unsafe Glibc.write(Int32(opened.value), text, text.count) == text.count
    }
}
