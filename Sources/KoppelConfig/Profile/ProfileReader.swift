internal import KoppelCore

/// Turns the document of a profile file into a device profile.
struct ProfileReader {
    /// Points of one profile: 10,000.
    static let maximumPoints = 10_000

    /// What a site file needs besides the profile itself, to add points to it.
    struct Result {
        var profile: DeviceProfile
        var points: [LocatedPoint]
        var reader: PointReader
    }

    /// `nil` if no profile could be made; with an error in the issues it must not be used either.
    func read(_ document: Field) -> Result? {
        guard let section = document.section(ProfileShape.profile) else { return nil }
        let id = section.required("profile")?.identifier()
        let version = section.required("version").flatMap(readVersion)
        let manufacturer = section.required("manufacturer")?.string()
        let model = section.required("model")?.string()
        if let name = section.required("protocol")?.string(), name != "modbus" {
            section["protocol"]?.error("`\(name)` is no protocol known here", hint: "Write protocol: modbus.")
        }
        let notationHint = "One of zero-based, one-based, modicon: the manual says how it counts."
        let notation = section.required("addressing", hint: notationHint)?.choice(AddressNotation.self)
        let certainty = section["confidence"].flatMap(readCertainty)
        let confidence = certainty?.required("level")?.choice(DeviceProfile.Confidence.self)
        let verified = certainty?["verified"]?.string()
        let sources = section["sources"].flatMap(readSources) ?? []
        let defaults = Defaults(section["defaults"])
        let layout = section["sunspec"].flatMap { ModelLayoutReader().read($0) }
        let reader = PointReader(notation: notation ?? .zeroBased, order: defaults.order, layout: layout)
        var limits = section["limits"].map { readLimits($0, notation: reader.notation) } ?? UnitLimits()
        // A chain of models has no holes.
        if let layout { limits.readableGaps.append(layout.example.span) }
        let points = section.required("points").map { readPoints($0, reader: reader) } ?? []
        PointChecks(points: points, limits: limits).run()
        let known = KnownSignals(points.map(\.point.signal.description))
        let stateRule = section["state"].flatMap { StateRuleReader(known: known).read($0) }
        let alarms = section["alarms"].map { AlarmReader(known: known).read($0) } ?? []
        guard let id, let version, let manufacturer, let model, notation != nil else { return nil }
        let profile = DeviceProfile(
            id: id, version: version, manufacturer: manufacturer, model: model, limits: limits, timing: defaults.timing,
            interval: defaults.interval, points: points.map(\.point), layout: layout, stateRule: stateRule,
            alarms: alarms, confidence: confidence, verified: verified, sources: sources)
        return Result(profile: profile, points: points, reader: reader)
    }

    private func readVersion(_ field: Field) -> String? {
        guard let text = field.string() else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }) else {
            field.error("`\(text)` is no version", hint: "Write three numbers, for example 1.0.0.")
            return nil
        }
        return text
    }

    private func readPoints(_ field: Field, reader: PointReader) -> [LocatedPoint] {
        guard let items = field.list(named: "signal") else { return [] }
        guard !items.isEmpty else {
            field.error("a profile has at least one point")
            return []
        }
        guard items.count <= Self.maximumPoints else {
            field.error("\(items.count) points are more than a profile may have (10,000)")
            return []
        }
        return items.compactMap(reader.read)
    }

    private func readCertainty(_ field: Field) -> Section? {
        guard let level = field.scalarText else { return field.section(ProfileShape.confidence) }
        return field.wrongKind(
            expected: "a mapping", hint: "For example confidence: {level: \(level), verified: \"manual of 2019\"}.")
    }

    private func readSources(_ field: Field) -> [String]? {
        guard field.isList else {
            return field.wrongKind(expected: "a list", hint: "For example sources: [\"manual of 2019, page 31\"].")
        }
        return field.list()?.compactMap { $0.string() }
    }

    private func readLimits(_ field: Field, notation: AddressNotation) -> UnitLimits {
        var limits = UnitLimits()
        guard let section = field.section(ProfileShape.limits) else { return limits }
        if let count = section["registersPerRequest"]?.int(in: 1...125) { limits.registersPerRequest = count }
        if let count = section["bitsPerRequest"]?.int(in: 1...2_000) { limits.bitsPerRequest = count }
        if let isEven = section["evenAlignment"]?.bool() { limits.evenAlignment = isEven }
        limits.startAddresses = section["startAt"].map { readStarts($0, notation: notation) } ?? [:]
        guard let gaps = section["gaps"] else { return limits }
        switch gaps.scalarText {
        case "none": break
        case "all": limits.allGapsReadable = true
        default: limits.readableGaps = gaps.list()?.compactMap { readGap($0, notation: notation) } ?? []
        }
        return limits
    }

    private func readStarts(_ field: Field, notation: AddressNotation) -> [RegisterTable: [UInt16]] {
        var starts: [RegisterTable: [UInt16]] = [:]
        for item in field.list() ?? [] {
            guard let section = item.section(ProfileShape.starts),
                let table = section.required("entity")?.table(), let field = section.required("addresses"),
                let list = field.list()
            else { continue }
            if starts[table] != nil { item.error("\(table.entity) stands twice") }
            if list.isEmpty { field.error("a table without an address to begin at cannot be read") }
            starts[table] = list.compactMap { notation.address($0, table: table) }.sorted()
        }
        return starts
    }

    private func readGap(_ field: Field, notation: AddressNotation) -> RegisterSpan? {
        guard let section = field.section(ProfileShape.gap) else { return nil }
        let table = section.required("entity")?.table()
        let from = section.required("from").flatMap { field in table.flatMap { notation.address(field, table: $0) } }
        let to = section.required("to").flatMap { field in table.flatMap { notation.address(field, table: $0) } }
        guard let table, let from, let to else { return nil }
        guard from <= to else {
            field.error("the gap ends before it starts")
            return nil
        }
        return RegisterSpan(table: table, addresses: from...to)
    }

    /// What holds for every point that says nothing else.
    private struct Defaults {
        var order = ByteOrder.Switches()
        var timing = UnitTiming()
        var interval = Duration.seconds(1)

        init(_ field: Field?) {
            guard let section = field?.section(ProfileShape.defaults) else { return }
            order = ByteOrder.Switches(section, or: order)
            timing.responseTimeout = section["timeoutMs"]?.milliseconds(from: 1)
            timing.pauseBeforeRequest = section["pauseMs"]?.milliseconds(from: 0)
            if let interval = section["intervalMs"]?.milliseconds(from: 10) { self.interval = interval }
        }
    }
}
