internal import KoppelCore

/// The topics of one edge node (Sparkplug 3.0.0, chapter 4). Group, node and host were checked when the site file was
/// loaded; a device is a machine's id, whose alphabet is closed.
struct SparkplugTopics: Sendable {
    let group: String
    let node: String
    let primaryHost: String?

    func node(_ type: String) -> String { "spBv1.0/\(group)/\(type)/\(node)" }

    func device(_ type: String, _ machine: Identifier) -> String { "spBv1.0/\(group)/\(type)/\(node)/\(machine)" }

    var commands: String { node("NCMD") }

    /// Where the primary host says whether it is there.
    var hostState: String? { primaryHost.map { "spBv1.0/STATE/\($0)" } }
}
