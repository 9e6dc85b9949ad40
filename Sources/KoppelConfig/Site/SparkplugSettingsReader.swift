internal import KoppelCore

/// Reads who a destination is in Sparkplug: group, edge node, and the host it waits for.
struct SparkplugSettingsReader {
    /// What a Sparkplug host is told of. The names and units of `meta` are part of each birth.
    static let told: Set<DestinationSettings.Publication> = [.meta, .values, .batches, .state, .alarms]

    /// Its location and id stand in for a group and a node that are not given; `nil` if they are wrong.
    let agent: AgentSettings?

    /// `nil` without the dialect, or if something is wrong.
    func read(_ section: Section, dialect: DestinationSettings.DialectKind) -> SparkplugSettings? {
        guard dialect == .sparkplugB else {
            section["sparkplug"]?.keyError(
                "`sparkplug` goes with `dialect: sparkplug-b`", hint: "Write the dialect beside it, or leave this out.")
            return nil
        }
        for key in ["topics", "exports"] {
            section[key]?.keyError(
                "`\(key)` goes with `dialect: data-model`", hint: "Leave it out: Sparkplug has its own.")
        }
        let field = section["sparkplug"]
        let parts = field.flatMap { $0.section(SiteShape.sparkplug) }
        if field != nil, parts == nil { return nil }
        let usualGroup = (agent?.location ?? []).prefix(2).map(\.id.description).joined(separator: ":")
        let group = parts?["group"].map(identity) ?? usualGroup
        let node = parts?["node"].map(identity) ?? agent?.id.description
        let host = parts?["primary-host"].map(identity)
        if case .some(.none) = host { return nil }
        guard let group, let node, !group.isEmpty else { return nil }
        return SparkplugSettings(group: group, node: node, primaryHost: host ?? nil)
    }

    /// A level of a topic, 1 to 128 bytes (Sparkplug 3.0.0, 4.1).
    private func identity(_ field: Field) -> String? {
        guard let text = field.string() else { return nil }
        let isForbidden = { (byte: UInt8) in
            byte < 0x20 || byte == 0x7F || [UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "/")].contains(byte)
        }
        guard text.utf8.count <= 128, !text.utf8.contains(where: isForbidden) else {
            field.error(
                "`\(text.prefix(40))` is no Sparkplug id", hint: "At most 128 bytes, and none of + # / or line breaks.")
            return nil
        }
        return text
    }

    /// What is published there, and a word about what is not.
    func publications(
        _ publish: Set<DestinationSettings.Publication>, _ section: Section
    ) -> Set<DestinationSettings.Publication> {
        let left = publish.subtracting(Self.told).map(\.rawValue).sorted()
        if let field = section["publish"], !left.isEmpty {
            field.warning(
                "Sparkplug has no place for \(left.joined(separator: ", ")), so this destination does not get it",
                hint: "Everything else works as usual.")
        }
        // A birth says how things stand; without it there is no Sparkplug.
        return publish.intersection(Self.told).union([.values])
    }

    /// One edge node id may connect to a broker once (tck-id-intro-edge-node-id-uniqueness).
    static func checkUnique(_ destinations: [(settings: DestinationSettings, field: Field)]) {
        var known: [String: Identifier] = [:]
        for (settings, field) in destinations {
            guard let node = settings.sparkplug else { continue }
            let name = "\(node.group)/\(node.node)"
            guard let other = known.updateValue(settings.id, forKey: "\(settings.host):\(settings.port) \(name)") else {
                continue
            }
            field.keyError(
                "`\(other)` is the edge node \(name) on \(settings.host):\(settings.port) already",
                hint: "Hosts know an edge node by its group and its id: give this one another `sparkplug: {node: ...}`."
            )
        }
    }
}
