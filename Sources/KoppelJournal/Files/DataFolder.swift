internal import Glibc
internal import KoppelCore

/// The names in the data folder, and the folder itself.
///
/// | File | What |
/// |---|---|
/// | `journal.db`, `-wal`, `-shm` | the database |
/// | `journal.db.damaged-TIME` | a damaged one, set aside; the newest two are kept |
/// | `journal.suspect` | there if damage was found while running: the next start sets the database aside |
/// | `journal.mark` | the highest acknowledged position, which shows that a log has lost its end |
/// | `journal.delivered` | up to when every destination has everything |
/// | `identity` | what must survive the database: urns, numbers, epochs |
/// | `lock` | held by the running agent; its process id |
struct DataFolder {
    let path: String

    var database: String { path + "/journal.db" }
    var suspect: String { path + "/journal.suspect" }
    var mark: String { path + "/journal.mark" }
    var delivered: String { path + "/journal.delivered" }
    var identity: String { path + "/identity" }
    var lock: String { path + "/lock" }

    /// Makes the folder (mode 0700) if only it is missing, and says how to repair it otherwise.
    func prepare() throws(JournalError) {
        if mkdir(path, 0o700) == 0 { return try DataFile.syncFolder(of: path) }
        guard errno == EEXIST else {
            throw JournalFailure.folder(path, "the data folder cannot be made (\(String(cString: strerror(errno))))")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw JournalFailure.folder(path, "the data folder is not a folder")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw JournalFailure.folder(path, "the data folder may not be used by this user")
        }
    }

    /// Makes an empty database file of mode 0600, which SQLite gives to its `-wal` and `-shm` too.
    func createDatabaseFile() throws(JournalError) {
        let descriptor = open(database, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataFile.failure(database, "open") }
        close(descriptor)
    }

    /// Notes that the database is damaged, for the next start. Best effort: the damage is found again without it.
    func markSuspect(_ reason: String) {
        try? DataFile.replace(suspect, with: reason + "\n")
    }

    /// Moves the database with its log out of the way and returns where it is now.
    ///
    /// The newest two are kept, so that a disk that damages every file does not also fill up.
    func setAside(at time: Timestamp) throws(JournalError) -> String {
        removeOldestSetAside(keeping: 1)
        let stem = database + ".damaged-" + compactUTC(time)
        var target = stem
        var copy = 1
        while DataFile.exists(target) {
            copy += 1
            target = "\(stem)-\(copy)"
        }
        for suffix in ["-wal", "-shm", ""] where DataFile.exists(database + suffix) {
            guard rename(database + suffix, target + suffix) == 0 else { throw DataFile.failure(database, "rename") }
        }
        for file in [suspect, mark] { unlink(file) }
        try DataFile.syncFolder(of: database)
        return target
    }

    private func removeOldestSetAside(keeping kept: Int) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("journal.db.damaged-"), !name.hasSuffix("-wal"), !name.hasSuffix("-shm") {
                names.append(name)
            }
        }
        for name in names.sorted().dropLast(kept) {
            for suffix in ["", "-wal", "-shm"] { unlink("\(path)/\(name)\(suffix)") }
        }
    }

    /// For example `20260302T081530Z`.
    private func compactUTC(_ time: Timestamp) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [UInt8](repeating: 0, count: 32)
        let length = text.withUnsafeMutableBytes {
            strftime($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, "%Y%m%dT%H%M%SZ", &parts)
        }
        return String(decoding: text[..<length], as: UTF8.self)
    }
}
