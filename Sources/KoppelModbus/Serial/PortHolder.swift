internal import Glibc

/// A process that has a serial port.
struct PortHolder: Equatable, CustomStringConvertible {
    let process: Int32

    var description: String {
        var name = [CChar](repeating: 0, count: 32)
        guard let file = unsafe fopen("/proc/\(process)/comm", "r") else { return "process \(process)" }
        defer { unsafe fclose(file) }
        guard unsafe fgets(&name, 32, file) != nil else { return "process \(process)" }
        let text = String(decoding: name.prefix { $0 > 31 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "\(text) (process \(process))"
    }

    /// Another process that has the port open, as far as this user may see the open files of others.
    ///
    /// Looks through /proc once; done each time a port is opened, which is seldom. Processes of this same program are
    /// left out: they are kept away by `flock`, and a child that has just been made still has all that is open here.
    static func other(of path: String) -> PortHolder? {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, nil, &found) == 0 else { return nil }
        let (own, program) = (getpid(), unsafe target(of: "/proc/self/exe"))
        for index in unsafe 0..<Int(found.gl_pathc) {
            guard let name = unsafe found.gl_pathv[index], unsafe target(of: name) == path else { continue }
            let parts = unsafe String(cString: name).split(separator: "/")
            guard let process = Int32(parts[1]), process != own else { continue }
            if unsafe target(of: "/proc/\(process)/exe") != program { return PortHolder(process: process) }
        }
        return nil
    }

    /// The path without links; `nil` if nothing is there.
    static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func target(of link: UnsafePointer<CChar>) -> String? {
        var text = [CChar](repeating: 0, count: 4_096)
        let length = unsafe readlink(link, &text, 4_095)
        guard length > 0 else { return nil }
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
