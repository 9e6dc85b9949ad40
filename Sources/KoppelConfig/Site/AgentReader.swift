internal import KoppelCore

/// Reads the agent's own section.
struct AgentReader {
    /// `nil` if id or location is missing or wrong.
    func read(_ field: Field, folder: String) -> AgentSettings? {
        guard let section = field.section(SiteShape.agent) else { return nil }
        let id = section.required("id")?.identifier()
        let location = section.required("location").flatMap(readLocation)
        let data = section["data"].flatMap { readData($0, from: folder) } ?? "/var/lib/koppel"
        let journal = section["journal"].map(readJournal) ?? JournalSettings()
        let clock = section["clock"]?.word(of: ["isolated", "synchronised"])
        let shutdown = section["shutdown"]?.duration(in: .seconds(1) ... .seconds(600)) ?? .seconds(10)
        let window = section["window"].flatMap(readWindow) ?? AgentSettings.usualWindow
        guard let id, let location else { return nil }
        return AgentSettings(
            id: id, location: location, dataFolder: data, journal: journal, clockIsolated: clock == "isolated",
            shutdownLimit: shutdown, window: window)
    }

    /// Windows are aligned to UTC, so a day has to hold a whole number of them.
    private func readWindow(_ field: Field) -> Duration? {
        guard let window = field.duration(in: .seconds(1) ... .seconds(86_400)) else { return nil }
        guard Duration.seconds(86_400).wholeNanoseconds % window.wholeNanoseconds == 0 else {
            field.error(
                "a day holds no whole number of windows of \(window.inSeconds) s", hint: "For example 15min or 1h.")
            return nil
        }
        return window
    }

    /// The folders to look profiles up in; `nil` if the file names none.
    func profileFolders(_ field: Field, folder: String) -> [String]? {
        guard case .mapping(let entries) = field.node.content,
            let entry = entries.first(where: { $0.key == "profiles" })
        else { return nil }
        let list = Field(
            node: entry.value, file: field.file, path: field.path + ".profiles", keyPosition: entry.keyPosition,
            issues: field.issues)
        let items = list.isList ? list.list() ?? [] : [list]
        return items.compactMap { readFolder($0, from: folder) }
    }

    private func readData(_ field: Field, from folder: String) -> String? {
        guard let data = readFolder(field, from: folder) else { return nil }
        if !LocalSocketName.fits(folder: data) {
            field.warning(
                "the path of the data folder is too long for a socket in it: `koppel status`, `record` and `explain` "
                    + "will not reach the agent",
                hint: "Choose a folder of at most \(LocalSocketName.longestPath - LocalSocketName.file.utf8.count - 1) "
                    + "bytes.")
        }
        return data
    }

    private func readFolder(_ field: Field, from folder: String) -> String? {
        guard let path = field.string() else { return nil }
        guard !FilePath.climbs(path) else {
            field.error("`\(path)` climbs out with ..", hint: "Write the whole path.")
            return nil
        }
        return FilePath.resolve(path, from: folder)
    }

    private func readLocation(_ field: Field) -> [LocationLevel]? {
        guard let section = field.section(SiteShape.place) else { return nil }
        let enterprise = section.required("enterprise").flatMap { $0.locationLevel("Enterprise") }
        let site = section.required("site").flatMap { $0.locationLevel("Site") }
        guard let enterprise, let site else { return nil }
        return [enterprise, site]
    }

    private func readJournal(_ field: Field) -> JournalSettings {
        var settings = JournalSettings()
        guard let section = field.section(SiteShape.journal) else { return settings }
        if let limit = section["limit"]?.size(in: 1 << 20...1 << 50) { settings.limit = limit }
        let longest = Duration.seconds(3_660 * 86_400)
        if let keep = section["keep"]?.duration(in: .seconds(60)...longest) { settings.keep = keep }
        if let floor = section["free-space-floor"]?.size(in: 0...1 << 50) { settings.freeSpaceFloor = floor }
        if let durability = section["durability"]?.choice([JournalSettings.Durability.power, .process]) {
            settings.durability = durability
        }
        return settings
    }
}

/// Reads where the status page listens.
struct PageReader {
    func read(_ field: Field) -> PageSettings? {
        guard let section = field.section(SiteShape.page), let listen = section.required("listen"),
            let text = listen.string()
        else { return nil }
        guard let parts = EndpointText("tcp://" + text), parts.rest.isEmpty, !parts.hasCredentials,
            let portText = parts.port
        else {
            listen.error("`\(text)` is no address to listen on", hint: "For example 127.0.0.1:8470.")
            return nil
        }
        guard isLoopback(parts.host) else {
            listen.error(
                "the page listens on a loopback address only, not on `\(parts.host)`",
                hint: "Write 127.0.0.1, and put a web server with a login in front of it to reach it from elsewhere.")
            return nil
        }
        return listen.port(portText).map { PageSettings(host: parts.host, port: $0) }
    }

    private func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts.first == 127 && !parts.contains(nil)
    }
}

extension Field {
    /// One level of a location: its id, or `{id, name}`.
    func locationLevel(_ level: String) -> LocationLevel? {
        guard isMapping else { return identifier().map { LocationLevel(level: level, id: $0) } }
        guard let section = section(SiteShape.namedLevel), let id = section.required("id")?.identifier() else {
            return nil
        }
        return LocationLevel(level: level, id: id, name: section["name"]?.string())
    }
}
