internal import KoppelCore

/// Reads one machine: its bus and unit, its profile, its place, and what of it is read.
struct MachineReader {
    /// The ISA-95 levels below a site by their key in a site file (data model 3.3, OPC 10030).
    static let levels = [
        "area": "Area", "process-cell": "ProcessCell", "unit": "Unit", "line": "ProductionLine",
        "production-line": "ProductionLine", "cell": "WorkCell", "work-cell": "WorkCell",
        "production-unit": "ProductionUnit", "storage-zone": "StorageZone", "storage-unit": "StorageUnit",
        "work-center": "WorkCenter", "work-unit": "WorkUnit", "equipment-module": "EquipmentModule",
        "control-module": "ControlModule", "other": "Other",
    ]

    let buses: [BusSettings]
    /// Every bus id of the file, also of those that could not be read.
    let busNames: [String]
    /// Enterprise and site; `nil` if the agent's section is wrong.
    let site: [LocationLevel]?
    let profiles: ProfileLookup

    func read(_ field: Field, key: String) -> MachineSettings? {
        guard let section = field.section(SiteShape.machine) else { return nil }
        let id = field.keyIdentifier(key)
        let busField = section.required("bus", hint: "One of \(busNames.joined(separator: ", ")).")
        let busID = busField.flatMap(readBus)
        let bus = buses.first { $0.id == busID }
        let unit = section.required("unit", hint: "1 to 247; over TCP often 1 or 255.").flatMap {
            readUnit($0, on: bus)
        }
        let title = section["title"]?.localizedText() ?? [:]
        let every = section["every"]?.pollInterval()
        let isSimulated = readSimulated(section["simulated"], on: bus)
        let levels = section["location"].map(readLevels) ?? []
        let hint = "vendor/model of the library, or ./FILE.yaml beside the site file."
        let found = section.required("profile", hint: hint).flatMap(profiles.find)
        guard let found else { return nil }
        var profile = found.profile
        if let timeout = section["timeout"]?.duration(in: .milliseconds(10) ... .seconds(60)) {
            profile.timing.responseTimeout = timeout
        }
        var polling = PollingRulesReader(section: section).read()
        polling.isTimeoutFixed = section["timeout"] != nil
        if let pause = section["pause"]?.duration(in: .zero ... .seconds(10)) {
            profile.timing.pauseBeforeRequest = pause
        }
        let nameplate = readNameplate(section["nameplate"], profile: profile)
        let device = readDevice(section["sunspec"], profile: profile)
        let points = SignalSelection(profile: found, every: every).apply(section["signals"])
        guard let id, let site else { return nil }
        let location = site + levels + [LocationLevel(level: "EquipmentModule", id: id)]
        checkTopics(location, points: points, alarms: profile.alarms, field)
        if points.isEmpty { field.keyError("no signal is left to read", hint: "Leave some of `signals` on.") }
        guard let busID, let unit else { return nil }
        return MachineSettings(
            id: id, bus: busID, unit: unit, title: title, profile: profile, location: location, nameplate: nameplate,
            points: points, modelDevice: device, simulated: isSimulated, polling: polling)
    }

    /// A machine on a simulated bus is simulated: its values never look good (data model 4.2, row 30).
    private func readSimulated(_ field: Field?, on bus: BusSettings?) -> Bool {
        let isBusSimulated = bus?.simulated ?? false
        guard let field, let says = field.bool() else { return isBusSimulated }
        if let bus, isBusSimulated, !says {
            field.error(
                "bus `\(bus.id)` is simulated, and so is every machine on it",
                hint: "Say `simulated: true` of the machines, and not of the bus, if only some of them are.")
        }
        return says || isBusSimulated
    }

    private func readDevice(_ field: Field?, profile: DeviceProfile) -> Int {
        guard let field, let section = field.section(SiteShape.sunspec) else { return 1 }
        if profile.layout == nil {
            field.warning("`\(profile.id)` is no SunSpec profile, so this changes nothing")
        }
        return section["device"]?.int(in: 1...ModelChain.mostModels) ?? 1
    }

    private func readBus(_ field: Field) -> Identifier? {
        guard let name = field.string() else { return nil }
        guard busNames.contains(name) else {
            field.error("there is no bus `\(name)`", hint: suggestion(for: name, in: busNames))
            return nil
        }
        return Identifier(name)
    }

    private func readUnit(_ field: Field, on bus: BusSettings?) -> UnitID? {
        var range = 0...255
        switch bus?.endpoint {
        case .rtu, .rtuOverTCP: range = 1...247
        case .tcp, nil: break
        }
        return field.int(in: range).flatMap { UnitID(exactly: $0) }
    }

    private func readLevels(_ field: Field) -> [LocationLevel] {
        guard let entries = field.entries() else { return [] }
        return entries.compactMap { key, value in
            guard let level = Self.levels[key] else {
                let hint =
                    key == "enterprise" || key == "site"
                    ? "Enterprise and site stand once, under agent.location."
                    : suggestion(for: key, in: Self.levels.keys.sorted())
                value.keyError("`\(key)` is no level of a location", hint: hint)
                return nil
            }
            return value.locationLevel(level)
        }
    }

    private func readNameplate(_ field: Field?, profile: DeviceProfile) -> Nameplate {
        var nameplate = Nameplate(manufacturer: profile.manufacturer, model: profile.model)
        guard let section = field?.section(SiteShape.nameplate) else { return nameplate }
        nameplate.serialNumber = section["serial-number"]?.string()
        nameplate.productCode = section["product-code"]?.string()
        if let year = section["year-of-construction"], let number = year.int(in: 1_000...9_999) {
            nameplate.yearOfConstruction = String(number)
        }
        if let tag = section["asset-tag"], let text = tag.string() {
            if text.count > 40 { tag.error("an asset tag has at most 40 characters") }
            nameplate.assetTag = text
        }
        nameplate.uriOfTheProduct = section["uri-of-the-product"]?.iri(
            example: "https://id.example.com/press/2404")
        return nameplate
    }

    /// A topic is at most 255 bytes (data model 3.11), in either form: a destination may use the other one tomorrow.
    private func checkTopics(_ location: [LocationLevel], points: [Point], alarms: [AlarmRule], _ field: Field) {
        let published = points.filter(\.published)
        let totals = published.filter { $0.kind == .counter }.compactMap { SignalName("\($0.signal)-total") }
        let topics = TopicTree.Form.allCases.map { form in
            TopicTree.longestTopic(
                location: location, signals: published.map(\.signal) + totals,
                alarms: (alarms + AlarmRule.agentsOwn).map(\.code), form: form)
        }
        guard let longest = topics.max(by: { $0.utf8.count < $1.utf8.count }) else { return }
        let length = longest.utf8.count
        if length > TopicTree.maximumLength {
            field.keyError(
                "its longest topic is \(length) bytes, and 255 is the most: \(longest)",
                hint: "Shorten ids or leave out levels of the location.")
        }
    }
}

/// Finds the profile a machine names and loads each file once.
final class ProfileLookup {
    private let library: ProfileLibrary
    private let files: any ConfigFiles
    private let issues: IssueLog
    private var loaded: [String: ProfileReader.Result?] = [:]

    init(library: ProfileLibrary, files: any ConfigFiles, issues: IssueLog) {
        self.library = library
        self.files = files
        self.issues = issues
    }

    /// `nil` after an issue, here or in the profile's own file.
    func find(_ field: Field) -> ProfileReader.Result? {
        guard let name = field.string() else { return nil }
        guard let path = path(field) else {
            if !isPath(name) {
                field.error("there is no profile `\(name)`", hint: library.unknownHint(name))
            }
            return nil
        }
        if let known = loaded[path] {
            if known == nil { field.error("profile `\(name)` has errors", hint: "They are listed with its file.") }
            return known
        }
        let result = openDocument(path, files: files, issues: issues).flatMap { ProfileReader().read($0) }
        let isUsable = !issues.issues.contains { $0.file == path && $0.severity == .error }
        loaded[path] = .some(isUsable ? result : nil)
        if !isUsable { field.error("profile `\(name)` has errors", hint: "They are listed with its file.") }
        return isUsable ? result : nil
    }

    /// The file a machine means; `nil` if there is none, with an issue if it was named as a file.
    func path(_ field: Field) -> String? {
        guard let name = field.scalarText else { return nil }
        return isPath(name) ? ownPath(name, field) : library.path(of: name)
    }

    private func isPath(_ name: String) -> Bool {
        name.hasPrefix("/") || name.hasPrefix(".") || name.hasSuffix(".yaml")
    }

    /// A path relative to the file that names it, which must not lead out of that file's folder (fault X06).
    private func ownPath(_ name: String, _ field: Field) -> String? {
        let folder = FilePath.folder(of: field.file)
        let path = FilePath.resolve(name, from: folder)
        guard !FilePath.climbs(name) else {
            field.error("`\(name)` climbs out with ..", hint: "Put the profile in the folder of the site file.")
            return nil
        }
        guard let real = files.realPath(path) else {
            field.error("there is no file `\(path)`")
            return nil
        }
        if !name.hasPrefix("/"), let realFolder = files.realPath(folder), !FilePath.lies(real, in: realFolder) {
            field.error("`\(name)` is a link that leads out of \(folder)", hint: "Copy the profile there.")
            return nil
        }
        return path
    }
}
