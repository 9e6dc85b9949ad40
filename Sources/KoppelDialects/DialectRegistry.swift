package import KoppelCore

/// Finds the dialect a destination asks for. A new dialect is one file and one line here.
package enum DialectRegistry {
    package static func dialect(
        _ kind: DestinationSettings.DialectKind, agent: AgentDescription, machines: [MachineDescription]
    ) throws(DialectError) -> any Dialect {
        switch kind {
        case .dataModel: DataModelDialect(agent: agent, machines: machines)
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
