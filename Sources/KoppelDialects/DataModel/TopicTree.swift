package import KoppelCore

/// The topics of the data model (3.11).
///
/// Every part comes from the closed alphabet of ``Identifier`` and ``SignalName``, so no topic can hold a wildcard or
/// an extra level.
package enum TopicTree {
    /// The form of a topic: one level for each part of the location, or one for the whole of it for brokers that limit
    /// the depth.
    package enum Form: Sendable { case levels, flat }

    /// The longest topic that may be used, in bytes, in either form.
    package static let maximumLength = 255

    static let root = "kpl/v1/"

    /// Everything before a machine's own topics, with the slash at the end.
    package static func machineBase(_ location: [LocationLevel]) -> String {
        root + location.map(\.id.description).joined(separator: "/") + "/"
    }

    /// The status topic of an agent. Only enterprise and site of its location count.
    package static func agentStatus(_ agent: Identifier, location: [LocationLevel]) -> String {
        machineBase(Array(location.prefix(2))) + "_agent/\(agent)/status"
    }

    /// Where the latest reading of a signal and the history of its machine go.
    package static func topics(of signal: SignalName, location: [LocationLevel]) -> (value: String, batch: String) {
        let base = machineBase(location)
        return (base + "_value/\(signal)", base + "_batch")
    }

    /// The longest topic a machine with these signals and alarms will ever use, to be held against ``maximumLength``.
    package static func longestTopic(
        location: [LocationLevel], signals: [SignalName], alarms: [Identifier] = [], form: Form = .levels
    ) -> String {
        let base =
            switch form {
            case .levels: machineBase(location)
            case .flat:
                machineBase(Array(location.prefix(2)))
                    + location.dropFirst(2).map(\.id.description).joined(separator: ".") + "/"
            }
        let values = signals.map { signal in
            "_value/"
                + (form == .levels
                    ? signal.description : signal.description.split(separator: "/").joined(separator: "."))
        }
        let leaves = values + alarms.map { "_alarm/\($0)" } + ["_meta/rev/\(UInt32.max)"]
        return base + (leaves.max { $0.utf8.count < $1.utf8.count } ?? "")
    }
}
