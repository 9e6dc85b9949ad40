package import KoppelCore

/// Reads one destination: the broker, how to log in, what is published and who may have it.
struct DestinationReader {
    static let usualPublications: Set<DestinationSettings.Publication> = [
        .meta, .values, .batches, .state, .events, .alarms, .oee,
    ]

    let agent: AgentSettings?
    let secrets: SecretReader
    let sharing: SharingReader

    func read(_ field: Field, key: String) -> DestinationSettings? {
        guard let section = field.section(SiteShape.destination) else { return nil }
        let id = field.keyIdentifier(key)
        let address = section.required("url", hint: "mqtt://HOST or mqtts://HOST").flatMap(readAddress)
        let tls = readTLS(section["tls"], isSecure: address?.isSecure ?? true)
        let user = section["user"]?.string()
        let password = section["password"].flatMap { secrets.read($0, name: "password") }
        if section["password"] != nil, section["user"] == nil {
            section["password"]?.keyError("a password needs a `user`")
        }
        let clientID = section["client-id"].flatMap(readClientID) ?? agent.map { "koppel-\($0.id)" }
        let version = section["version"]?.choice([DestinationSettings.ProtocolVersion.mqtt5, .mqtt311]) ?? .mqtt5
        let dialect =
            section["dialect"]?.choice([DestinationSettings.DialectKind.dataModel, .sparkplugB]) ?? .dataModel
        var publish = section["publish"].map(readPublish) ?? Self.usualPublications
        let sparkplugReader = SparkplugSettingsReader(agent: agent)
        let sparkplug = sparkplugReader.read(section, dialect: dialect)
        if dialect == .sparkplugB { publish = sparkplugReader.publications(publish, section) }
        let share = readShare(section, of: id, dialect)
        let batch = readBatch(section["batch"])
        let window = section["window"]?.int(in: 1...1_000) ?? 20
        let keepalive = section["keepalive"]?.duration(in: .seconds(5) ... .seconds(3_600)) ?? .seconds(30)
        let topics = section["topics"]?.choice(TopicTree.Form.self) ?? .levels
        let rate = section["rate"]?.rate(in: 1_000...1_000_000_000)
        guard let id, let address, let clientID, let share else { return nil }
        if case .policy(let policy) = share {
            publish.formIntersection(policy.enforcement.classes.map(\.publication))
        }
        let settings = DestinationSettings(
            id: id, host: address.host, port: address.port, tls: tls, user: user, password: password,
            clientID: clientID, version: version, dialect: dialect, sparkplug: sparkplug, publish: publish,
            share: share, batchReadings: batch.readings, batchEvery: batch.every, window: window, keepalive: keepalive,
            rate: rate, topics: topics, exports: readExports(section, share: share, publish: publish))
        warnIfNotServed(settings, section)
        return settings
    }

    private func readAddress(_ field: Field) -> (host: String, port: UInt16, isSecure: Bool)? {
        guard let text = field.string() else { return nil }
        guard let parts = EndpointText(text), ["mqtt", "mqtts"].contains(parts.scheme) else {
            field.error("this is no URL of a broker", hint: "Write mqtt://HOST[:PORT] or mqtts://HOST[:PORT].")
            return nil
        }
        guard !parts.hasCredentials else {
            field.error(
                "a login has no place in the URL",
                hint: "Write user: NAME and password: {file: PATH} or {env: NAME} beside it.")
            return nil
        }
        guard parts.rest.isEmpty || parts.rest == "/", parts.hasPlainHost else {
            field.error("this is no URL of a broker", hint: "Only HOST:PORT follows \(parts.scheme)://.")
            return nil
        }
        let isSecure = parts.scheme == "mqtts"
        return field.port(parts.port ?? (isSecure ? "8883" : "1883")).map { (parts.host, $0, isSecure) }
    }

    private func readTLS(_ field: Field?, isSecure: Bool) -> TLSSettings? {
        guard let field else { return isSecure ? TLSSettings() : nil }
        guard let section = field.section(SiteShape.tls) else { return nil }
        guard isSecure else {
            field.keyError("`tls` goes with a mqtts:// URL", hint: "Write mqtts:// or leave `tls` out.")
            return nil
        }
        let ca = section["ca"].flatMap(secrets.publicFile)
        let certificate = section["certificate"].flatMap(secrets.publicFile)
        let key = section["key"].flatMap { secrets.read($0, name: "key") }
        if (section["certificate"] == nil) != (section["key"] == nil) {
            field.keyError("`certificate` and `key` go together", hint: "Give both, or neither.")
        }
        return TLSSettings(caFile: ca, certificateFile: certificate, key: key)
    }

    private func readClientID(_ field: Field) -> String? {
        guard let text = field.string() else { return nil }
        let isPlain = text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        guard isPlain, text.utf8.count <= 128 else {
            field.error("`\(text)` is no client id", hint: "At most 128 letters, digits, - and _.")
            return nil
        }
        return text
    }

    private func readPublish(_ field: Field) -> Set<DestinationSettings.Publication> {
        var result: Set<DestinationSettings.Publication> = []
        for item in field.list() ?? [] {
            guard let publication = item.choice(DestinationSettings.Publication.self) else { continue }
            if !result.insert(publication).inserted { item.error("`\(publication.rawValue)` stands twice") }
        }
        return result
    }

    private func readShare(
        _ section: Section, of id: Identifier?, _ dialect: DestinationSettings.DialectKind
    ) -> DestinationSettings.Share? {
        let hint = "Write share: all for the owner's own broker, or share: {policy: PATH} for another party."
        guard let field = section["share"] else {
            section.field.keyError("`share` is missing, and nothing leaves that its owner did not share", hint: hint)
            return nil
        }
        if field.scalarText == "all" { return .all }
        guard field.isMapping else { return field.wrongKind(expected: "all or {policy: PATH}", hint: hint) }
        guard dialect == .dataModel else {
            field.error(
                "sharing by policy goes with `dialect: data-model`",
                hint: "A Sparkplug host gets everything; nothing leaves that its owner did not share.")
            return nil
        }
        guard let parts = field.section(SiteShape.policy), let policy = parts.required("policy", hint: hint) else {
            return nil
        }
        guard let path = secrets.path(policy), let id else { return nil }
        guard sharing.files.facts(path) != nil else {
            policy.warning(
                "there is no policy \(path) now; the destination stays closed",
                hint: "Nothing leaves without a policy. Put the file there and load the site file again.")
            return .missingPolicy(path: path)
        }
        let surroundings = PolicyJudgement.Surroundings(
            destination: id, window: agent?.window ?? AgentSettings.usualWindow)
        return sharing.read(path, in: surroundings).map { .policy($0) }
    }

    /// The documents name addresses in the owner's network, so only the owner's own broker gets them.
    private func readExports(
        _ section: Section, share: DestinationSettings.Share, publish: Set<DestinationSettings.Publication>
    ) -> Bool {
        let isWanted = section["exports"]?.bool()
        if isWanted == true, share != .all {
            section["exports"]?.error(
                "exports name addresses in your network and only go to your own broker",
                hint: "Leave `exports` out where `share` is a policy.")
        }
        if isWanted == true, !publish.contains(.meta) {
            section["exports"]?.error("exports go with the descriptors", hint: "Name meta under `publish`.")
        }
        return (isWanted ?? true) && share == .all && publish.contains(.meta)
    }

    private func readBatch(_ field: Field?) -> (readings: Int, every: Duration) {
        guard let section = field?.section(SiteShape.batch) else { return (2_000, .zero) }
        return (
            section["readings"]?.int(in: 1...100_000) ?? 2_000,
            section["every"]?.duration(in: .zero ... .seconds(86_400)) ?? .zero
        )
    }

    private func warnIfNotServed(_ settings: DestinationSettings, _ section: Section) {
        let hint = "Everything else works as usual."
        let unserved = settings.publish.subtracting(DestinationSettings.servedPublications).map(\.rawValue).sorted()
        if !unserved.isEmpty {
            section["publish"]?.warning(
                "not published by this version: \(unserved.joined(separator: ", "))", hint: hint)
        }
    }
}

extension DestinationSettings {
    /// The kinds of topic this version publishes.
    package static let servedPublications = Set(Publication.allCases)

    /// False if this version knows the settings but cannot keep them: the destination then stays closed.
    package var isServed: Bool {
        switch share {
        case .all: return true
        case .policy(let policy): return policy.refusals.isEmpty
        case .missingPolicy: return false
        }
    }
}
