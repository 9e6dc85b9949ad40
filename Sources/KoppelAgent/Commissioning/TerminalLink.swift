internal import Glibc

/// A symbolic link to a pseudo-terminal, so that a simulated serial line has the path a site file names.
struct TerminalLink: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    let target: String

    /// Makes the link. One that an earlier simulation left behind, whose terminal is gone, is replaced.
    ///
    /// - Throws: ``Failure`` if something is there, or the link cannot be made.
    init(at path: String, to target: String) throws(Failure) {
        self.path = path
        self.target = target
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFLNK, Self.target(of: path)?.hasPrefix("/dev/pts/") == true,
                access(path, F_OK) != 0, unlink(path) == 0
            else {
                throw Failure(
                    description: "\(path) exists already, and a simulation must not take a real port. "
                        + "Give the bus a path where nothing is")
            }
        }
        guard symlink(target, path) == 0 else {
            let reason = String(cString: strerror(errno))
            throw Failure(
                description: "no link can be made at \(path): \(reason). "
                    + "Give the bus a path in a folder that exists and is yours")
        }
    }

    /// Removes the link if it is still ours.
    func remove() {
        if Self.target(of: path) == target { unlink(path) }
    }

    private static func target(of path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &buffer, buffer.count)
        guard length >= 0 else { return nil }
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
