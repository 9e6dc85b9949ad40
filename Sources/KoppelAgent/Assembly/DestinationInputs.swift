internal import Glibc
internal import KoppelCore

/// All that a connection to a destination is made of: the settings, and which files stood where they point.
///
/// When any of it changes, the destination is served anew at the next SIGHUP and the others go on (field rule P55).
struct DestinationInputs: Equatable, Sendable {
    let settings: DestinationSettings
    /// By path; a file that is not there has none.
    private let files: [String: Stamp]

    /// Tells one version of a file from another, without reading it.
    private struct Stamp: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let changedSeconds: Int
        let changedNanoseconds: Int
    }

    /// Looks at the files now.
    init(_ settings: DestinationSettings) {
        self.settings = settings
        var paths = [settings.tls?.caFile, settings.tls?.certificateFile].compactMap { $0 }
        for secret in [settings.password, settings.tls?.key] {
            if case .file(let path)? = secret { paths.append(path) }
        }
        switch settings.share {
        case .all: break
        case .policy(let policy): paths.append(policy.path)
        case .missingPolicy(let path): paths.append(path)
        }
        files = paths.reduce(into: [:]) { stamps, path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return }
            stamps[path] = Stamp(
                device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
                changedSeconds: status.st_ctim.tv_sec, changedNanoseconds: status.st_ctim.tv_nsec)
        }
    }
}
