internal import Foundation

/// Writes files of a profile for a person, who may have changed the ones that are there.
enum ProfileFiles {
    /// - Throws: Exit code 74 if a file is there already and may not be replaced, or it cannot be written.
    static func write(_ text: String, to path: String, replacing: Bool) throws {
        do {
            try Data(text.utf8).write(
                to: URL(fileURLWithPath: path), options: replacing ? .atomic : .withoutOverwriting)
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            Streams.complain("\(path) is there already. Choose another file, or give --force")
            throw ExitStatus.inputOutput
        } catch {
            Streams.complain("\(path) cannot be written: \(error.localizedDescription)")
            throw ExitStatus.inputOutput
        }
    }
}
