internal import Foundation
internal import KoppelCore
internal import KoppelEngine
internal import KoppelExecutor
internal import Logging

/// Keeps refused messages as JSON lines in `quarantine.jsonl` of the data folder.
///
/// At most 16 MiB: at the limit the file becomes `quarantine.1.jsonl`, in place of an older one.
actor QuarantineFile: Quarantine {
    private nonisolated let thread = ThreadExecutor(name: "quarantine")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let folder: URL
    private let limit: Int

    init(folder: String, limit: Int = 16 << 20) {
        self.folder = URL(fileURLWithPath: folder, isDirectory: true)
        self.limit = limit
    }

    private struct Line: Encodable {
        let destination: String
        let topic: String
        let reasonCode: UInt8
        let timeNanoseconds: Int64
        let payload: String
    }

    func keep(_ message: QuarantinedMessage) {
        let line = Line(
            destination: message.destination.description, topic: message.topic, reasonCode: message.reasonCode,
            timeNanoseconds: message.time.nanoseconds, payload: String(decoding: message.payload, as: UTF8.self))
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try append(try encoder.encode(line) + Data("\n".utf8))
        } catch {
            Logger.current.error(
                "A refused message could not be kept in quarantine and is lost",
                metadata: ["mqtt.topic": "\(message.topic)", "error": "\(error)"])
        }
    }

    private func append(_ data: Data) throws {
        let file = folder.appendingPathComponent("quarantine.jsonl")
        let files = FileManager.default
        if !files.fileExists(atPath: file.path) {
            guard files.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }  // the data was synchronised; a failing close changes nothing
        let size = try handle.seekToEnd()
        try handle.write(contentsOf: data)
        try handle.synchronize()
        guard Int(size) + data.count > limit else { return }
        let older = folder.appendingPathComponent("quarantine.1.jsonl")
        if files.fileExists(atPath: older.path) { try files.removeItem(at: older) }
        try files.moveItem(at: file, to: older)
    }
}
