package import KoppelCore

/// Finds the dialect a destination asks for. A new dialect is one file and one line here.
package enum DialectRegistry {
    /// `former` are the machines as they were earlier. What they kept on a broker is cleared where the
    /// present ones do not write.
    package static func dialect(
        of destination: DestinationSettings, agent: AgentDescription, machines: [MachineDescription],
        former: [MachineDescription] = []
    ) throws(DialectError) -> SpokenDialect {
        switch destination.dialect {
        case .dataModel:
            let dialect = DataModelDialect(
                agent: agent, machines: machines, former: former, form: destination.topics,
                exports: destination.exports)
            return .messages(dialect)
        case .sparkplugB:
            guard let settings = destination.sparkplug else { throw .noEdgeNode }
            let told = machines.map { machine in
                var told = machine
                told.hasState = machine.hasState && destination.publish.contains(.state)
                if !destination.publish.contains(.alarms) { told.alarms = [] }
                return told
            }
            return .edgeNode(SparkplugDialect(settings, agent: agent, machines: told))
        }
    }
}

/// A dialect, by what has to speak it.
package enum SpokenDialect: Sendable {
    /// Each message stands for itself.
    case messages(any Dialect)
    /// Messages have numbers and an order, which a session keeps.
    case edgeNode(any EdgeNodeDialect)
}

/// Why a destination cannot have the dialect it asks for.
package enum DialectError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Sparkplug without group and edge node id.
    case noEdgeNode

    package var description: String {
        switch self {
        case .noEdgeNode:
            "The destination has no group and edge node id, which Sparkplug needs. The destination stays closed; give it `sparkplug: {group: GROUP, node: NODE}`."
        }
    }
}
