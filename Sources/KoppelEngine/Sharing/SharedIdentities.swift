package import KoppelCore

/// What one recipient knows an agent and its machines by, and which descriptor of each it was given last.
///
/// Pseudonyms are drawn at random, once per recipient and machine, so that two recipients cannot join what they got.
/// Whoever else gets the destination's name later gets other pseudonyms. One entry for each machine there ever was.
package struct SharedIdentities: Hashable, Sendable, Codable {
    package struct Name: Hashable, Sendable, Codable {
        /// `urn:uuid:` and a UUID.
        package var urn: String
        /// A letter, a hyphen and six hexadecimal digits, as it stands in topics.
        package var id: String
    }

    package struct Machine: Hashable, Sendable, Codable {
        /// The machine's own urn, which never leaves.
        package var machine: String
        package var name: Name
        /// From 1; rises when what the recipient is told of the machine changes.
        package var rev: UInt32
        /// Nanoseconds since 1970.
        package var issued: Int64
        package var fingerprint: String
    }

    package private(set) var party: String
    package private(set) var agent: Name
    package private(set) var machines: [Machine]

    package init(party: String, using generator: inout some RandomNumberGenerator) {
        self.party = party
        agent = Name(urn: Self.urn(using: &generator), id: "a-" + Self.digits(6, using: &generator))
        machines = []
    }

    /// The name of a machine, drawn at its first mention.
    package mutating func name(of machine: String, using generator: inout some RandomNumberGenerator) -> Name {
        if let known = machines.first(where: { $0.machine == machine }) { return known.name }
        var id = "p-" + Self.digits(6, using: &generator)
        while machines.contains(where: { $0.name.id == id }) { id = "p-" + Self.digits(6, using: &generator) }
        let name = Name(urn: Self.urn(using: &generator), id: id)
        machines.append(Machine(machine: machine, name: name, rev: 0, issued: 0, fingerprint: ""))
        return name
    }

    /// The revision of a machine's descriptor and when it was issued; a new fingerprint makes a new revision.
    package mutating func revision(of machine: String, fingerprint: String, now: Timestamp) -> (UInt32, Timestamp) {
        guard let index = machines.firstIndex(where: { $0.machine == machine }) else { return (1, now) }
        if machines[index].fingerprint != fingerprint {
            machines[index].fingerprint = fingerprint
            machines[index].rev += 1
            machines[index].issued = now.nanoseconds
        }
        return (machines[index].rev, Timestamp(nanoseconds: machines[index].issued))
    }

    /// A UUID of version 4.
    package static func urn(using generator: inout some RandomNumberGenerator) -> String {
        let hex = Array(digits(32, using: &generator))
        let variant = ["8", "9", "a", "b"][Int.random(in: 0..<4, using: &generator)]
        return "urn:uuid:" + String(hex[0..<8]) + "-" + String(hex[8..<12]) + "-4" + String(hex[13..<16]) + "-"
            + variant + String(hex[17..<20]) + "-" + String(hex[20..<32])
    }

    private static func digits(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
        (0..<count).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined()
    }
}
