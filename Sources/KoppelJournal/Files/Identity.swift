internal import FoundationEssentials
internal import KoppelCore

/// What must survive the database: who the agent and its machines are, which numbers were given, which epoch it is.
///
/// It is kept twice, in the file `identity` and in the database, and each entry is checked, so that one damaged file
/// costs nothing. Both only ever grow: of two entries the one with more in it is the newer.
struct Identity: Equatable {
    struct Agent: Codable, Equatable {
        var urn: String
        var epoch: UInt32
    }

    struct Machine: Codable, Equatable {
        var number: Int
        var id: String
        var urn: String
        var rev: UInt32
        /// Nanoseconds since 1970.
        var issued: Int64
        var fingerprint: String
        /// A signal's number is its place in this list.
        var signals: [String]
    }

    var agent: Agent?
    /// A machine's number is its place in this list.
    var machines: [Machine] = []

    mutating func merge(_ other: Identity) {
        if let agent = other.agent { merge(.agent(agent)) }
        for machine in other.machines { merge(.machine(machine)) }
    }

    /// Entries come in the order they were made: a machine without its predecessors has lost them, and is left out.
    mutating func merge(_ entry: Entry) {
        switch entry {
        case .agent(let new):
            agent = Agent(urn: agent?.urn ?? new.urn, epoch: max(agent?.epoch ?? 0, new.epoch))
        case .machine(let new):
            guard new.number < machines.count else {
                if new.number == machines.count { machines.append(new) }
                return
            }
            let old = machines[new.number]
            if (new.rev, new.signals.count) >= (old.rev, old.signals.count) { machines[new.number] = new }
        }
    }

    var entries: [Entry] { (agent.map { [.agent($0)] } ?? []) + machines.map { .machine($0) } }

    enum Entry: Equatable {
        case agent(Agent)
        case machine(Machine)

        /// What the entry is about; the newest of each key counts.
        var key: String {
            switch self {
            case .agent: "agent"
            case .machine(let machine): "machine/\(machine.number)"
            }
        }

        /// The order in which entries are made: the agent, then machines by number.
        var number: Int {
            switch self {
            case .agent: -1
            case .machine(let machine): machine.number
            }
        }

        /// One line: checksum, space, JSON.
        var line: String {
            get throws(JournalError) {
                do {
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    let json = String(decoding: try encoder.encode(Line(self)), as: UTF8.self)
                    return "\(checksumText(json)) \(json)"
                } catch {
                    throw JournalError(kind: .other, path: key, description: "\(key): cannot be written: \(error)")
                }
            }
        }

        /// `nil` if the line is torn or damaged.
        init?(line: Substring) {
            let json = String(line.dropFirst(17))
            guard line.prefix(17) == "\(checksumText(json)) " else { return nil }
            // A sound line that does not decode is from a newer version, whose database is refused as such.
            let line = try? JSONDecoder().decode(Line.self, from: Data(json.utf8))
            if let agent = line?.agent {
                self = .agent(agent)
            } else if let machine = line?.machine {
                self = .machine(machine)
            } else {
                return nil
            }
        }
    }

    /// `{"agent": ...}` or `{"machine": ...}`
    private struct Line: Codable {
        var agent: Agent?
        var machine: Machine?

        init(_ entry: Entry) {
            switch entry {
            case .agent(let agent): self.agent = agent
            case .machine(let machine): self.machine = machine
            }
        }
    }
}
