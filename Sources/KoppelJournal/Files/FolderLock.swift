internal import Glibc
internal import KoppelCore

/// Keeps a second agent out of a data folder (A09): a file locked with `flock`, which the kernel releases however
/// the process ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(JournalError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DataFile.failure(path, "open") }
        guard Self.lock(descriptor) else {
            let isTaken = errno == EWOULDBLOCK
            let failure = DataFile.failure(path, "flock")
            // Not closed here: an initializer that throws with every property set runs deinit, and closing twice would
            // close a file that somebody else has opened in between.
            throw isTaken ? Self.inUse(path) : failure
        }
        let text = Array("\(getpid())\n".utf8)
        // Only the text of the other's error depends on the number.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }

    /// Tries for half a second, on the journal's own thread: an agent that is just ending still holds the lock for a
    /// moment, and so does a child that was forked and has not become its own program yet.
    private static func lock(_ descriptor: Int32) -> Bool {
        for attempt in 1...20 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK, attempt < 20 else { return false }
            poll(nil, 0, 25)
        }
        return false
    }

    private static func inUse(_ path: String) -> JournalError {
        let text = (try? DataFile.read(path)) ?? ""  // without the number the sentence is less precise
        let pid = Int32(text.prefix { $0.isNumber })
        let other = pid.map { "process \($0)" } ?? "another process"
        return JournalError(
            kind: .inUse(pid: pid), path: path,
            description: "\(path): \(other) uses this data folder. Stop it, or give this agent a folder of its own "
                + "(agent.data).")
    }
}
