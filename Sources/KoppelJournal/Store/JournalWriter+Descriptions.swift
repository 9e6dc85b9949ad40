internal import FoundationEssentials
internal import GRDB
internal import KoppelCore

/// What consumers are told of each machine, by revision. It is told again from here for machines that the site file does
/// not name any more.
extension JournalWriter {
    /// The most revisions that are kept of one machine.
    static let keptRevisions = 16

    func keep(_ description: MachineDescription) throws(JournalError) {
        let content: String
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            content = String(decoding: try encoder.encode(description), as: UTF8.self)
        } catch {
            throw JournalError(
                kind: .other, path: folder.database,
                description: "\(description.id): its description cannot be stored: \(error)")
        }
        let (machine, rev) = (description.number.rawValue, Int64(description.rev))
        let known = try inspect {
            try String.fetchOne(
                $0, sql: "SELECT content FROM descriptions WHERE machine = ? AND rev = ?", arguments: [machine, rev])
        }
        guard known != content else { return }
        try transaction(durably: true) { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO descriptions VALUES (?, ?, ?)", arguments: [machine, rev, content])
            try db.execute(
                sql: """
                    DELETE FROM descriptions WHERE machine = ?1 AND rev NOT IN
                        (SELECT rev FROM descriptions WHERE machine = ?1 ORDER BY rev DESC LIMIT ?2)
                    """, arguments: [machine, Self.keptRevisions])
        }
    }

    /// One that cannot be read is left out: what is stored of that machine is then passed over, and that is told.
    func descriptions() throws(JournalError) -> [MachineDescription] {
        try inspect { db in
            let decoder = JSONDecoder()
            return try String.fetchAll(db, sql: "SELECT content FROM descriptions ORDER BY machine, rev").compactMap {
                try? decoder.decode(MachineDescription.self, from: Data($0.utf8))
            }
        }
    }
}
