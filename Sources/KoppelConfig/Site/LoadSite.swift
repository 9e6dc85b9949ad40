package import KoppelCore

/// A site and everything that is to be said about its files. There is no site if there is an error.
package struct SiteLoad: Sendable {
    package var site: Site?
    package var issues: [ConfigIssue]
    /// Where each bus stands in the files, for issues that only come up when its plan is made.
    package var busPlaces: [Identifier: ConfigPlace] = [:]
    /// Where each destination stands, for issues that only come up when its files are looked into.
    package var destinationPlaces: [Identifier: ConfigPlace] = [:]
}

/// A key in a configuration file.
package struct ConfigPlace: Hashable, Sendable {
    package var file: String
    package var position: SourcePosition
    /// The keys that lead there, for example `buses.meters`.
    package var path: String
}

/// Loads a site file with what it includes and the profiles it names.
///
/// Nothing is thrown: all issues of all files come back at once.
package func loadSite(at path: String, library: ProfileLibrary, files: some ConfigFiles) -> SiteLoad {
    let log = IssueLog()
    let parts = SiteFiles(files: files, issues: log).read(path)
    let site = parts.flatMap { SiteReader(files: files, library: library, issues: log).read($0, path: path) }
    return SiteLoad(
        site: log.hasErrors ? nil : site, issues: log.sorted(), busPlaces: places(of: parts?.buses ?? []),
        destinationPlaces: places(of: parts?.destinations ?? []))
}

private func places(of entries: [SiteParts.Entry]) -> [Identifier: ConfigPlace] {
    entries.reduce(into: [:]) { places, entry in
        guard let id = Identifier(entry.key) else { return }
        places[id] = ConfigPlace(file: entry.field.file, position: entry.field.keyPosition, path: entry.field.path)
    }
}

/// Turns the sections of all files of a site into settings.
struct SiteReader {
    let files: any ConfigFiles
    let library: ProfileLibrary
    let issues: IssueLog

    func read(_ parts: SiteParts, path: String) -> Site? {
        let folder = FilePath.folder(of: path)
        var library = library
        var agent: AgentSettings?
        if let field = parts.agent {
            agent = AgentReader().read(field, folder: folder)
            if let folders = AgentReader().profileFolders(field, folder: folder), !library.foldersAreFixed {
                library.folders = folders
            }
        } else {
            parts.root.keyError("`agent` is missing", hint: "For example agent: {id: box-1, location: {...}}.")
        }
        let buses = readBuses(parts.buses)
        let machines = readMachines(parts.machines, buses: buses, parts: parts, agent: agent, library: library)
        let destinations = readDestinations(parts.destinations, agent: agent)
        let page = parts.page.flatMap { PageReader().read($0) }
        return agent.map {
            Site(agent: $0, buses: buses, machines: machines, destinations: destinations, page: page)
        }
    }

    private func readBuses(_ entries: [SiteParts.Entry]) -> [BusSettings] {
        let reader = BusReader(files: files)
        let buses = entries.compactMap { entry in
            reader.read(entry.field, key: entry.key).map { (settings: $0, field: entry.field) }
        }
        reader.checkEndpoints(buses)
        return buses.map(\.settings)
    }

    private func readMachines(
        _ entries: [SiteParts.Entry], buses: [BusSettings], parts: SiteParts, agent: AgentSettings?,
        library: ProfileLibrary
    ) -> [MachineSettings] {
        let reader = MachineReader(
            buses: buses, busNames: parts.buses.map(\.key), site: agent?.location,
            profiles: ProfileLookup(library: library, files: files, issues: issues))
        return entries.compactMap { reader.read($0.field, key: $0.key) }
    }

    private func readDestinations(_ entries: [SiteParts.Entry], agent: AgentSettings?) -> [DestinationSettings] {
        let reader = DestinationReader(
            agent: agent, secrets: SecretReader(files: files), sharing: SharingReader(files: files, issues: issues))
        var clients: [String: Identifier] = [:]
        let destinations: [(settings: DestinationSettings, field: Field)] = entries.compactMap { entry in
            guard let settings = reader.read(entry.field, key: entry.key) else { return nil }
            let client = "\(settings.host):\(settings.port) \(settings.clientID)"
            if let other = clients.updateValue(settings.id, forKey: client) {
                entry.field.keyError(
                    "`\(other)` already connects to \(settings.host):\(settings.port) as `\(settings.clientID)`",
                    hint: "A broker lets each client id in once: give this destination a `client-id`.")
            }
            return (settings, entry.field)
        }
        SparkplugSettingsReader.checkUnique(destinations)
        return destinations.map(\.settings)
    }
}
