internal import Foundation
internal import KoppelCore
internal import KoppelEngine
internal import Logging

/// What is kept for one recipient in the folder `sharing` of the data folder: its pseudonyms in `NAME.identities.json`,
/// and how far its windows are in `NAME.windows.json`.
///
/// A file that cannot be read is set aside. The recipient then meets new pseudonyms, and old ones stay secret.
struct SharingFiles: WindowMemory {
    let folder: String
    let destination: Identifier

    /// - Throws: ``AuditError`` if the folder cannot be made.
    init(dataFolder: String, destination: Identifier) throws(AuditError) {
        folder = dataFolder + "/sharing"
        self.destination = destination
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw AuditError("\(folder) cannot be made: \(error.localizedDescription)")
        }
    }

    private var identitiesPath: String { "\(folder)/\(destination).identities.json" }
    private var windowsPath: String { "\(folder)/\(destination).windows.json" }

    /// The pseudonyms for this party; `nil` if none were drawn yet, or another party had this destination before.
    func identities(of party: String) -> SharedIdentities? {
        guard let kept: SharedIdentities = read(identitiesPath), kept.party == party else { return nil }
        return kept
    }

    func store(_ identities: SharedIdentities) throws(AuditError) { try write(identities, to: identitiesPath) }

    func load() -> WindowProgress? { read(windowsPath) }

    func store(_ progress: WindowProgress) throws(AuditError) { try write(progress, to: windowsPath) }

    private func read<Document: Decodable>(_ path: String) -> Document? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(Document.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            let aside = path + ".damaged"
            Logger.current.error(
                "What was kept for a recipient cannot be read and is set aside",
                metadata: ["destination": "\(destination)", "path": "\(aside)", "error": "\(error)"])
            if rename(path, aside) != 0 {
                Logger.current.warning("The damaged file could not be set aside", metadata: ["path": "\(path)"])
            }
            return nil
        }
    }

    private func write(_ document: some Encodable, to path: String) throws(AuditError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(path, with: try encoder.encode(document))
        } catch {
            throw AuditError("\(path) cannot be written: \(error). Check that the volume has room")
        }
    }
}
