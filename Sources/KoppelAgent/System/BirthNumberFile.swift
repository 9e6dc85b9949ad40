internal import Foundation
internal import KoppelCore
internal import KoppelEngine
internal import KoppelExecutor
internal import Logging

/// Keeps the birth number of one Sparkplug destination in `sparkplug-ID.bdseq` of the data folder: a decimal number,
/// written before each CONNECT. The file may be deleted at any time; then the numbers begin at 0 again.
actor BirthNumberFile: BirthNumberStore {
    private nonisolated let thread = ThreadExecutor(name: "births")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let file: URL
    private var isFailing = false

    init(folder: String, destination: Identifier) {
        file = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent("sparkplug-\(destination).bdseq")
    }

    func load() -> UInt8? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }  // it was only read
            let text = String(decoding: try handle.read(upToCount: 16) ?? Data(), as: UTF8.self)
            if let number = UInt8(text.trimmingCharacters(in: .whitespacesAndNewlines)) { return number }
            tell("it holds no number from 0 to 255")
        } catch {
            tell("\(error)")
        }
        return nil
    }

    func keep(_ number: UInt8) {
        do {
            let temporary = file.path + ".new"
            guard
                FileManager.default.createFile(
                    atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
            try handle.write(contentsOf: Data("\(number)\n".utf8))
            try handle.synchronize()
            try handle.close()
            guard rename(temporary, file.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
            isFailing = false
        } catch {
            tell("\(error)")
        }
    }

    /// Once, until it works again.
    private func tell(_ error: String) {
        guard !isFailing else { return }
        isFailing = true
        Logger.current.warning(
            "The birth number of a Sparkplug destination cannot be kept; after a restart a host may take an old death for a new one",
            metadata: ["path": "\(file.path)", "error": "\(error)"])
    }
}
