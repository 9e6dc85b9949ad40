internal import Foundation
internal import Glibc
internal import KoppelCore
internal import KoppelEngine
internal import KoppelExecutor
internal import Logging

/// The audit log on disk: one JSON line a record, chained, each durable before the call returns (data model 3.18).
///
/// A line that a crash or a full disk tore is taken away at the next opening, and the chain goes on after the record
/// before it: a torn line belongs to a message that did not leave. ``AuditFolder`` has the bounds.
actor AuditFile: AuditTrail {
    private struct Open {
        var descriptor: Int32
        var size: Int
        var chain: AuditChain
    }

    private nonisolated let thread = ThreadExecutor(name: "audit")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let folder: AuditFolder
    private let limit: Int
    private let files: Int
    private var open: Open?
    /// The day, since 1970, on which the head was logged last.
    private var loggedDay: Int64?

    init(dataFolder: String, limit: Int = 16 << 20, files: Int = 32) {
        folder = AuditFolder(dataFolder: dataFolder)
        self.limit = limit
        self.files = max(2, files)
    }

    deinit {
        if let open { close(open.descriptor) }
    }

    func append(_ entry: AuditEntry) throws(AuditError) {
        if open == nil { try begin() }
        guard var file = open else { return }
        let (line, chain) = file.chain.appending(entry)
        do throws(AuditError) {
            try write(Array((line + "\n").utf8), to: file.descriptor)
        } catch {
            // What was written of the line goes away again, here or at the next opening.
            if ftruncate(file.descriptor, off_t(file.size)) != 0 { forget() }
            throw error
        }
        file.size += line.utf8.count + 1
        file.chain = chain
        open = file
        logHead(chain, at: entry.time)
        if file.size >= limit { try rotate() }
    }

    private var currentPath: String { folder.path + "/" + AuditFolder.current }

    private func forget() {
        if let open { close(open.descriptor) }
        open = nil
    }

    // MARK: Opening

    private func begin() throws(AuditError) {
        let chain: AuditChain
        do {
            try FileManager.default.createDirectory(
                atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            chain = try mended() ?? lastFinished() ?? AuditChain()
        } catch let error as AuditError {
            throw error
        } catch {
            throw AuditError("\(folder.path) cannot be used: \(error.localizedDescription)")
        }
        let descriptor = Glibc.open(currentPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        open = Open(descriptor: descriptor, size: Int(lseek(descriptor, 0, SEEK_END)), chain: chain)
    }

    /// The chain at the end of the file that is written, after a torn line was taken away; `nil` if it holds no record.
    private func mended() throws -> AuditChain? {
        guard let data = FileManager.default.contents(atPath: currentPath), !data.isEmpty else { return nil }
        let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        if whole < data.count {
            guard truncate(currentPath, off_t(whole)) == 0 else { throw failure("truncate") }
            Logger.current.warning(
                "The last line of the audit log was torn and is taken away; the chain goes on before it",
                metadata: ["path": "\(currentPath)", "bytes": "\(data.count - whole)"])
        }
        return try chain(endOf: data[..<whole], path: currentPath)
    }

    private func lastFinished() throws -> AuditChain? {
        guard let path = try folder.finished().last, let data = FileManager.default.contents(atPath: path) else {
            return nil
        }
        return try chain(endOf: data, path: path)
    }

    private func chain(endOf data: Data, path: String) throws(AuditError) -> AuditChain? {
        guard let line = data.split(separator: UInt8(ascii: "\n")).last else { return nil }
        guard let record = try? JSONDecoder().decode(JSONTree.self, from: line), AuditChain.fault(in: record) == nil,
            let number = record.recordNumber, let hash = record["hash"]?.text
        else {
            throw AuditError(
                "The last record of \(path) is damaged, so the chain cannot go on. Keep a copy of the folder "
                    + "\(folder.path) and move it away")
        }
        return AuditChain(number: number, head: hash)
    }

    // MARK: Writing

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(AuditError) {
        var written = 0
        while written < bytes.count {
            let length = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard length > 0 else { throw failure("write") }
            written += length
        }
        guard fdatasync(descriptor) == 0 else { throw failure("sync") }
    }

    private func rotate() throws(AuditError) {
        guard let file = open else { return }
        forget()
        guard rename(currentPath, folder.finishedPath(last: file.chain.number)) == 0 else { throw failure("rename") }
        do {
            for path in try folder.finished().dropLast(files - 1) {
                try FileManager.default.removeItem(atPath: path)
                Logger.current.notice("The oldest file of the audit log was removed", metadata: ["path": "\(path)"])
            }
        } catch {
            Logger.current.warning("An old file of the audit log cannot be removed", metadata: ["error": "\(error)"])
        }
    }

    /// Once a day, so that the log outside holds a hash that nobody can change any more.
    private func logHead(_ chain: AuditChain, at time: Timestamp) {
        let day = time.nanoseconds / 86_400_000_000_000
        guard day != loggedDay else { return }
        loggedDay = day
        Logger.current.notice(
            "Head of the audit log", metadata: ["audit.record": "\(chain.number)", "audit.hash": "\(chain.head)"])
    }

    private func failure(_ call: String) -> AuditError {
        let said = String(cString: strerror(errno))
        return AuditError(
            "\(currentPath): \(call): \(said). Check that the volume has room and that Koppel's user owns it")
    }
}
