/// The topics of the data model (3.11).
///
/// Every part comes from the closed alphabet of ``Identifier`` and ``SignalName``, so no topic can hold a wildcard or
/// an extra level.
package enum TopicTree {
    /// How a location becomes levels of a topic.
    package enum Form: String, CaseIterable, Sendable {
        /// One level for each part of the location.
        case levels
        /// One level for the whole location below the site, and one for the signal, for brokers that limit the depth:
        /// seven slashes at most.
        case flat
    }

    /// The longest topic that may be used, in bytes with its slashes, in either form.
    package static let maximumLength = 255

    static let root = "kpl/v1/"

    /// Everything before a machine's own topics, with the slash at the end.
    ///
    /// Enterprise and site stay levels in both forms, so that rights can be given for a site.
    package static func machineBase(_ location: [LocationLevel], form: Form = .levels) -> String {
        let ids = location.map(\.id.description)
        switch form {
        case .levels: return root + ids.joined(separator: "/") + "/"
        case .flat:
            return root + (ids.prefix(2) + [ids.dropFirst(2).joined(separator: ".")]).joined(separator: "/") + "/"
        }
    }

    /// The status topic of an agent. Only enterprise and site of its location count, so it is the same in both forms.
    package static func agentStatus(_ agent: Identifier, location: [LocationLevel]) -> String {
        machineBase(Array(location.prefix(2))) + "_agent/\(agent)/status"
    }

    /// Where the latest reading of a signal goes, behind the machine's base.
    package static func valueEnd(_ signal: SignalName, form: Form = .levels) -> String {
        switch form {
        case .levels: "_value/\(signal)"
        case .flat: "_value/" + signal.description.split(separator: "/").joined(separator: ".")
        }
    }

    /// Where the latest reading of a signal and the history of its machine go.
    package static func topics(
        of signal: SignalName, location: [LocationLevel], form: Form = .levels
    ) -> (value: String, batch: String) {
        let base = machineBase(location, form: form)
        return (base + valueEnd(signal, form: form), base + "_batch")
    }

    /// The longest topic a machine with these signals and alarms will ever use, to be held against ``maximumLength``.
    package static func longestTopic(
        location: [LocationLevel], signals: [SignalName], alarms: [Identifier] = [], form: Form = .levels
    ) -> String {
        let ends =
            ["_meta/rev/\(UInt32.max)", "_event/state-changed"] + signals.map { valueEnd($0, form: form) }
            + alarms.map { "_alarm/\($0)" }
        return machineBase(location, form: form) + (ends.max { $0.utf8.count < $1.utf8.count } ?? "")
    }
}
