internal import Crypto
package import KoppelCore

/// The chain of the audit log: each record holds the hash of the one before, so that none can be changed, left out or
/// put in without breaking it (data model 3.18).
package struct AuditChain: Hashable, Sendable {
    /// What the first record of all refers to.
    package static let origin = "sha256:" + String(repeating: "0", count: 64)

    /// The number and hash of the newest record; 0 and ``origin`` before the first.
    package private(set) var number: UInt64
    package private(set) var head: String

    package init(number: UInt64 = 0, head: String = AuditChain.origin) {
        self.number = number
        self.head = head
    }

    /// The next record as one line without its line feed, and the chain after it.
    package func appending(_ entry: AuditEntry) -> (line: String, chain: AuditChain) {
        let members =
            entry.members + [.init("n", .integer(Int64(clamping: number + 1))), .init("prev", .string(head))]
        let hash = Self.hash(of: members)
        let line = JSONTree.object(members + [.init("hash", .string(hash))]).canonical
        return (line, AuditChain(number: number + 1, head: hash))
    }

    /// Why a record breaks the chain; `nil` if its hash is that of its content.
    package static func fault(in record: JSONTree) -> String? {
        guard case .object(let members) = record else { return "this is no record" }
        guard let stated = record["hash"]?.text, record["prev"]?.text != nil, record.recordNumber != nil else {
            return "this is no record of an audit log"
        }
        guard Set(members.map(\.name)).count == members.count else { return "a member stands twice" }
        let found = hash(of: members.filter { $0.name != "hash" })
        return found == stated ? nil : "the record was changed: its content gives \(found), and it says \(stated)"
    }

    /// Takes over the next record.
    ///
    /// - Returns: Why it does not follow; `nil` if it does.
    package mutating func follow(_ record: JSONTree, isFirst: Bool) -> String? {
        if let fault = Self.fault(in: record) { return fault }
        guard let number = record.recordNumber, let hash = record["hash"]?.text, let previous = record["prev"]?.text
        else { return "this is no record of an audit log" }
        if isFirst {
            if number <= 1, previous != Self.origin { return "the first record refers to one before it" }
        } else if previous != head {
            return "the record before it is missing or was changed: it refers to \(previous), and \(head) stands there"
        } else if number != self.number + 1 {
            return "record \(number) follows record \(self.number)"
        }
        self.number = number
        head = hash
        return nil
    }

    private static func hash(of members: [JSONTree.Member]) -> String {
        SHA256.token(of: JSONTree.object(members).canonical.utf8)
    }
}

extension JSONTree {
    /// The number of an audit record.
    package var recordNumber: UInt64? {
        if case .integer(let number) = self["n"], number >= 0 { UInt64(number) } else { nil }
    }
}
