internal import KoppelCore

/// The file `identity`: one line per change, appended and synced; the last line about something counts.
///
/// It is rewritten when it is opened and holds more than twice the lines it needs, so it stays in proportion to the
/// number of machines.
struct IdentityFile {
    let path: String

    func load() throws(JournalError) -> Identity {
        var identity = Identity()
        for line in try DataFile.read(path)?.split(separator: "\n") ?? [] {
            if let entry = Identity.Entry(line: line) { identity.merge(entry) }
        }
        return identity
    }

    /// Brings the file in order if it is damaged, too long, or behind what the database knows.
    func repair(to identity: Identity) throws(JournalError) {
        let lines = try DataFile.read(path)?.split(separator: "\n") ?? []
        let isTidy = lines.allSatisfy { Identity.Entry(line: $0) != nil } && lines.count <= 2 * identity.entries.count
        if isTidy, try load() == identity { return }
        var text = ""
        for entry in identity.entries { text += try entry.line + "\n" }
        try DataFile.replace(path, with: text)
    }

    func append(_ entry: Identity.Entry) throws(JournalError) {
        let isNew = !DataFile.exists(path)
        // The newline in front keeps a line that was torn before from spoiling this one.
        try DataFile.append("\n" + entry.line + "\n", to: path)
        if isNew { try DataFile.syncFolder(of: path) }
    }
}
