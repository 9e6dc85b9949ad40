package import KoppelCore

/// A profile and everything that is to be said about its file. There is no profile if there is an error.
package struct ProfileLoad: Sendable {
    package var profile: DeviceProfile?
    package var issues: [ConfigIssue]
}

/// Loads one profile file.
package func loadProfile(at path: String, files: some ConfigFiles) -> ProfileLoad {
    let log = IssueLog()
    let document = openDocument(path, files: files, issues: log)
    let result = document.flatMap { ProfileReader().read($0) }
    return ProfileLoad(profile: log.hasErrors ? nil : result?.profile, issues: log.sorted())
}

/// Reads and parses a file; `nil` after an issue.
func openDocument(_ path: String, files: some ConfigFiles, issues: IssueLog) -> Field? {
    let bytes: [UInt8]
    do throws(FileFault) {
        bytes = try files.read(path, limit: DocumentLimits.bytes)
    } catch {
        issues.add(
            ConfigIssue(
                file: path, position: .start, path: "", severity: .error, sentence: "cannot be read: \(error)"))
        return nil
    }
    guard let node = DocumentParser(file: path, issues: issues).parse(bytes) else { return nil }
    return Field(document: node, file: path, issues: issues)
}
