internal import Crypto
package import KoppelCore

/// One departure or refusal, as the audit log tells it (data model 3.18). Made before the message leaves, so that
/// nothing leaves that is not written down.
package struct AuditEntry: Hashable, Sendable {
    package enum Decision: String, Sendable { case sent, denied, failed, expired }

    package struct Policy: Hashable, Sendable {
        package var sharing: String
        package var version: Int
        package var agreement: String?
        /// `sha256:` of the descriptor in the form of RFC 8785.
        package var hash: String
        package var dataset: String
        package var purposes: [String]
        package var transforms: [String]
    }

    package struct Payload: Hashable, Sendable {
        package var bytes: UInt64
        package var hash: String
        package var contentType: String
    }

    package var time: Timestamp
    package var agent: String
    package var destination: Identifier
    package var decision: Decision
    /// A kebab-case reason; only without it a message was sent.
    package var why: String?
    package var policy: Policy
    package var topic: String
    package var qos: UInt8?
    package var retain = false
    package var payload: Payload?
    package var content: MessageContent

    /// The record without its place in the chain.
    var members: [JSONTree.Member] {
        var members: [JSONTree.Member] = [
            .init("time", .string(time.utcText)), .init("agent", .string(agent)),
            .init("destination", .string(destination.description)), .init("decision", .string(decision.rawValue)),
            .init("policy", policyTree), .init("purpose", .array(policy.purposes.map { .string($0) })),
            .init("topic", .string(topic)), .init("content", contentTree),
        ]
        if let why { members.append(.init("why", .string(why))) }
        if decision == .sent { members.append(.init("dataset", .string(policy.dataset))) }
        if let qos {
            members.append(.init("mqtt", ["qos": .integer(Int64(qos)), "retain": .bool(retain)]))
        }
        if let payload {
            members.append(
                .init(
                    "payload",
                    [
                        "bytes": .integer(Int64(payload.bytes)), "sha256": .string(payload.hash),
                        "contentType": .string(payload.contentType),
                    ]))
        }
        if decision == .sent, !policy.transforms.isEmpty {
            members.append(.init("transform", .array(policy.transforms.map { .string($0) })))
        }
        return members
    }

    private var policyTree: JSONTree {
        var members: [JSONTree.Member] = [
            .init("sharing", .string(policy.sharing)), .init("version", .integer(Int64(policy.version))),
            .init("hash", .string(policy.hash)),
        ]
        if let agreement = policy.agreement { members.append(.init("agreement", .string(agreement))) }
        return .object(members)
    }

    private var contentTree: JSONTree {
        var members: [JSONTree.Member] = [
            .init("class", .string(content.topicClass)), .init("samples", .integer(Int64(clamping: content.samples))),
        ]
        if let machine = content.machine { members.append(.init("machine", .string(machine))) }
        if !content.signals.isEmpty {
            members.append(.init("signals", .array(content.signals.map { .string($0.description) })))
        }
        if let from = content.from { members.append(.init("from", .string(from.utcText))) }
        if let to = content.to { members.append(.init("to", .string(to.utcText))) }
        return .object(members)
    }
}

extension AuditEntry.Policy {
    package init(_ policy: SharingPolicy) {
        self.init(
            sharing: policy.id, version: policy.version, agreement: policy.agreementID,
            hash: SHA256.token(of: policy.canonical.utf8), dataset: policy.dataset, purposes: policy.purposes,
            transforms: policy.enforcement.transforms)
    }

    /// The owner's own broker, to which nobody has to permit anything.
    package static let ownBroker = AuditEntry.Policy(
        sharing: "urn:uuid:00000000-0000-0000-0000-000000000000", version: 1, agreement: nil,
        hash: SHA256.token(of: #"{"share":"all"}"#.utf8), dataset: "https://koppel.example/cdm/1/vocab#ownData",
        purposes: ["https://koppel.example/cdm/1/vocab#ownUse"], transforms: [])
}

extension SharingPolicy.Enforcement {
    /// What is done to readings before they leave, as the audit names it.
    fileprivate var transforms: [String] {
        var result: [String] = []
        if let resolution {
            let functions = resolution.functions.map(\.rawValue).joined(separator: ",")
            result.append("aggregate:\(resolution.window.iso8601):\(functions)")
        }
        if let significantDigits { result.append("round:\(significantDigits)") }
        if delay > .zero { result.append("delay:\(delay.iso8601)") }
        let hidden = SharingPolicy.Pseudonym.allCases.filter(pseudonymise.contains).map(\.rawValue)
        if !hidden.isEmpty { result.append("pseudonymise:" + hidden.joined(separator: ",")) }
        return result
    }
}

extension SHA256 {
    /// `sha256:` and 64 hexadecimal digits.
    static func token(of bytes: some Sequence<UInt8>) -> String {
        let digits = hash(data: Array(bytes)).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        return "sha256:" + digits.joined()
    }
}
