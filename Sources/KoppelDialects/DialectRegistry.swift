package import KoppelCore

/// Finds the dialect a destination asks for. A new dialect is one file and one line here.
package enum DialectRegistry {
    /// `former` are the machines as they were earlier in this run. What they kept on a broker is cleared where the
    /// present ones do not write.
    package static func dialect(
        _ kind: DestinationSettings.DialectKind, agent: AgentDescription, machines: [MachineDescription],
        former: [MachineDescription] = []
    ) throws(DialectError) -> any Dialect {
        switch kind {
        case .dataModel: DataModelDialect(agent: agent, machines: machines, former: former)
        case .sparkplugB: throw .notServed(kind)
        }
    }
}

/// Why a destination cannot have the dialect it asks for.
package enum DialectError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name is known, and this version has no encoder for it.
    case notServed(DestinationSettings.DialectKind)

    package var description: String {
        switch self {
        case .notServed(let kind):
            "The dialect \(kind.rawValue) is not served by this version of Koppel. "
                + "Set `dialect: \(DestinationSettings.DialectKind.dataModel.rawValue)` at the destination, or leave it out."
        }
    }
}
