internal import GRDB
internal import Glibc
internal import KoppelCore

/// Turns what SQLite and the kernel say into what the port promises: a kind, and a sentence with the next step.
enum JournalFailure {
    static func error(_ error: any Error, at path: String) -> JournalError {
        if let error = error as? JournalError { return error }
        guard let error = error as? DatabaseError else {
            return JournalError(kind: .other, path: path, description: "\(path): \(error)")
        }
        let said = "SQLite says \(error.extendedResultCode.rawValue), \(error.message ?? "nothing more")"
        switch error.resultCode {
        case .SQLITE_FULL:
            return JournalError(
                kind: .full, path: path,
                description: "\(path): no room left to store readings (\(said)). Free space on the volume, or raise "
                    + "agent.journal.limit.")
        case .SQLITE_READONLY, .SQLITE_PERM:
            return readOnly(path, said)
        case .SQLITE_IOERR where isOnReadOnlyVolume(path):
            return readOnly(path, said)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return corrupt(path, said)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return JournalError(
                kind: .other, path: path,
                description: "\(path): \(holder(of: path)) keeps the journal locked (\(said)). End it, and use "
                    + "'koppel journal export' for a copy instead.")
        default:
            return JournalError(
                kind: .other, path: path,
                description: "\(path): the journal could not be used (\(said)). Look for disk errors with "
                    + "'journalctl -k', and try again.")
        }
    }

    static func corrupt(_ path: String, _ said: String) -> JournalError {
        JournalError(
            kind: .corrupt, path: path,
            description: "\(path): the journal is damaged (\(said)). It is set aside at the next start, which begins "
                + "a new epoch; check the disk.")
    }

    static func folder(_ path: String, _ what: String) -> JournalError {
        JournalError(
            kind: .folder, path: path,
            description: "\(path): \(what). Make it with 'install -d -m 0700 -o USER \(path)', USER being the one "
                + "Koppel runs as.")
    }

    private static func readOnly(_ path: String, _ said: String) -> JournalError {
        JournalError(
            kind: .readOnly, path: path,
            description: "\(path): the journal cannot be written (\(said)). Worn flash turns read-only: check the "
                + "volume with 'journalctl -k' and 'mount', and replace it.")
    }

    private static func isOnReadOnlyVolume(_ path: String) -> Bool {
        var volume = statvfs()
        return statvfs(path, &volume) == 0 && volume.f_flag & UInt(ST_RDONLY) != 0
    }

    /// Who else has a lock on the database, from `/proc/locks`.
    private static func holder(of path: String) -> String {
        var inodes: Set<String> = []
        for file in [path, path + "-shm"] {
            var status = stat()
            if stat(file, &status) == 0 { inodes.insert(String(status.st_ino)) }
        }
        let locks = (try? DataFile.read("/proc/locks")) ?? ""  // only makes the sentence better
        for line in locks.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, let inode = words[5].split(separator: ":").last, inodes.contains(String(inode)),
                let pid = Int32(words[4]), pid != getpid()
            else { continue }
            return "process \(pid)"
        }
        return "another program"
    }
}
