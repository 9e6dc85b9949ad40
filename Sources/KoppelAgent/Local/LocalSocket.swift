internal import CLinuxShims
internal import Glibc
internal import KoppelConfig

/// Where the agent of a data folder listens for the commands of this machine, and how such a socket is opened.
///
/// It stands in the data folder because every command finds that folder in the site file, whoever started the agent.
/// Only root and the agent's own user may use it: the file says so with its mode 0600, and each side asks the kernel
/// who the other one is.
package struct LocalSocket: Sendable {
    package let path: String
    /// The name it has until it listens; no longer than ``path``.
    private let unreadyPath: String

    package init(dataFolder: String) {
        path = dataFolder + "/" + LocalSocketName.file
        unreadyPath = dataFolder + "/" + String(LocalSocketName.file.dropLast()) + "~"
    }

    package struct Failure: Error, Sendable, CustomStringConvertible {
        package enum Kind: Hashable, Sendable {
            /// Nobody listens.
            case noAgent
            /// The file belongs to somebody else, or is not for this user.
            case notAllowed
            /// The path is longer than the kernel takes.
            case pathTooLong
            case other(errno: Int32)
        }

        package var kind: Kind
        package var path: String

        package var description: String {
            switch kind {
            case .noAgent:
                "no agent runs on this data folder (\(path)). Start it with `koppel run`, or `systemctl start koppel`"
            case .notAllowed:
                "\(path) is for root and the user of the agent only. Try again with sudo"
            case .pathTooLong:
                "\(path) is longer than the \(LocalSocketName.longestPath) bytes Linux allows for a socket. "
                    + "Choose a shorter data folder"
            case .other(let errno):
                "\(path) cannot be used: \(String(cString: strerror(errno))). Check the data folder"
            }
        }
    }

    /// Whether a peer may ask: root, and the user the agent runs as.
    static func mayAsk(peer: UInt32, own: UInt32) -> Bool { peer == 0 || peer == own }

    /// The user at the other end; `nil` if the kernel does not say.
    static func peer(of descriptor: Int32) -> UInt32? {
        var user: UInt32 = 0
        return koppel_peer_user(descriptor, &user) == 0 ? user : nil
    }

    // MARK: Opening

    /// Listens; the kernel keeps `waiting` connections until they are accepted. A socket that an earlier run left behind
    /// is replaced, which is safe for the owner of the folder's lock.
    func listen(waiting: Int32) throws(Failure) -> Int32 {
        let descriptor = try make()
        do throws(Failure) {
            // Before bind, so that there is no moment at which others could connect.
            guard fchmod(descriptor, 0o600) == 0 else { throw failure(errno) }
            var status = stat()
            if lstat(path, &status) == 0 {
                guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid() || geteuid() == 0 else {
                    throw Failure(kind: .notAllowed, path: path)
                }
            }
            unlink(unreadyPath)
            guard withAddress(of: unreadyPath, { bind(descriptor, $0, $1) }) == 0 else { throw failure(errno) }
            guard Glibc.listen(descriptor, waiting) == 0 else { throw failure(errno) }
            // Whoever sees the file can connect: it gets its name, in place of an old one, when all is ready.
            guard rename(unreadyPath, path) == 0 else { throw failure(errno) }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Connects, and sees that the other end is root or the owner of the file. The timeout is for connecting, and for
    /// each wait to read or write.
    func connect(timeout: Duration) throws(Failure) -> Int32 {
        let descriptor = try make(isBlocking: true)
        do throws(Failure) {
            let microseconds = Int(timeout.components.seconds) * 1_000_000
            var limit = timeval(tv_sec: microseconds / 1_000_000, tv_usec: 0)
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            var status = stat()
            guard lstat(path, &status) == 0 else { throw failure(errno) }
            guard withAddress(of: path, { Glibc.connect(descriptor, $0, $1) }) == 0 else { throw failure(errno) }
            guard let peer = Self.peer(of: descriptor), Self.mayAsk(peer: peer, own: status.st_uid) else {
                throw Failure(kind: .notAllowed, path: path)
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the file, at the end of a run.
    func remove() { unlink(path) }

    private func make(isBlocking: Bool = false) throws(Failure) -> Int32 {
        guard path.utf8.count <= LocalSocketName.longestPath else { throw Failure(kind: .pathTooLong, path: path) }
        let flags = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (isBlocking ? 0 : SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, Int32(flags), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        return descriptor
    }

    private func withAddress(of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Zeroed, and the path is shorter than the room for it, so it ends in a zero.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private func failure(_ errno: Int32) -> Failure {
        switch errno {
        case ENOENT, ECONNREFUSED, ENOTDIR: Failure(kind: .noAgent, path: path)
        case EACCES, EPERM: Failure(kind: .notAllowed, path: path)
        default: Failure(kind: .other(errno: errno), path: path)
        }
    }
}
