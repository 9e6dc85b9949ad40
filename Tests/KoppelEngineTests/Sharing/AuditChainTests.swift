import Foundation
import KoppelCore
import KoppelEngine
import KoppelTestKit
import Testing

/// The chain of the audit log.
struct AuditChainTests {
    private func example(_ name: String) throws -> JSONTree {
        let data = try Data(contentsOf: URL(filePath: SharedFolder.path("data-model/examples/\(name).json")))
        return try JSONDecoder().decode(JSONTree.self, from: data)
    }

    @Test func `3_18: the records of the data model verify, and the second follows the first`() throws {
        let (sent, denied) = (try example("audit.audit"), try example("audit-denied.audit"))
        #expect(AuditChain.fault(in: sent) == nil)
        #expect(AuditChain.fault(in: denied) == nil)
        var chain = AuditChain()
        #expect(chain.follow(sent, isFirst: true) == nil)
        #expect(chain.follow(denied, isFirst: false) == nil)
        #expect(chain.number == 90_212)
        var other = AuditChain()
        #expect(other.follow(denied, isFirst: true) == nil)
        #expect(other.follow(sent, isFirst: false) != nil)
    }

    @Test func `3_18: the hash of the worked policy is the one its record names`() throws {
        let policy = SharingPolicy(
            path: "", id: "urn:uuid:e2b7f0a4-3f6e-4a27-9b43-0a6e9d0c1f77", version: 3, destination: "hub-zuidholland",
            kind: .hub, party: "did:web:hub.example", purposes: [], dataset: "", agreement: nil,
            enforcement: SharingBench.policy().enforcement, canonical: try example("sharing.sharing").canonical)
        #expect(
            AuditEntry.Policy(policy).hash
                == "sha256:1928b8059c0a3b74bfc27b07b5045fb031952a24dc50e6a151206dd2f78be40b")
    }

    @Test func `a record that is changed, left out, put in or moved breaks the chain`() throws {
        var chain = AuditChain()
        var records: [JSONTree] = []
        for second in 0..<5 {
            let entry = AuditEntry.closed(
                SharingBench.identifier("hub"), by: SharingBench.policy(), why: .noAgreement,
                agent: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31", topics: "kpl/v1/acme/dordrecht/#",
                time: SharingBench.at(Double(second)))
            let next = chain.appending(entry)
            chain = next.chain
            records.append(try JSONDecoder().decode(JSONTree.self, from: Data(next.line.utf8)))
        }
        #expect(breaks(records) == nil)
        var changed = records
        guard case .object(var members) = changed[2], let index = members.firstIndex(where: { $0.name == "why" }) else {
            Issue.record("the record has no reason")
            return
        }
        members[index].value = "finer-than-agreed"
        changed[2] = .object(members)
        #expect(breaks(changed) == 2)
        #expect(breaks(records.enumerated().filter { $0.offset != 2 }.map(\.element)) == 2)
        #expect(breaks(records[0...2] + records[2...4]) == 3)
        #expect(breaks([records[0], records[2], records[1]]) == 1)
    }

    /// The place of the first record that does not follow.
    private func breaks(_ records: some Collection<JSONTree>) -> Int? {
        var chain = AuditChain()
        for (index, record) in records.enumerated() where chain.follow(record, isFirst: index == 0) != nil {
            return index
        }
        return nil
    }
}
