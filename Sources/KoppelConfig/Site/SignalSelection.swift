internal import KoppelCore

/// Applies `signals:` of a machine to the points of its profile: choose, override, add.
///
/// A signal that is named beats a pattern, and of two patterns the later one wins. A signal that is off but needed
/// by another, by the state rule or by an alarm is read all the same and not published.
struct SignalSelection {
    /// Patterns for one machine, since each is compared with every signal.
    static let maximumPatterns = 200

    let profile: ProfileReader.Result
    /// The machine's own interval, `nil` if it names none.
    let every: Duration?

    /// What a site file says about one signal or pattern.
    private struct Change {
        var isOff = false
        var every: Duration?
        var deadband: Double?
        var everyReading: Bool?
        var heartbeat: Duration?
        var staleAfter: Duration?
        var badAfter: Duration?
        var frozenAfter: Duration?
        var maxChangePerSecond: Double?
        var label: LocalizedText?
        var range: Band?
        var limits: Band?
        var scale: Double?
        var publish: Bool?
    }

    func apply(_ field: Field?) -> [Point] {
        var points = profile.points
        var patterns: [(pattern: String, change: Change)] = []
        var named: [SignalName: Change] = [:]
        let names = profile.points.map(\.point.signal.description)
        let known = Set(names)
        for (key, value) in field?.entries() ?? [] {
            if key.contains("*") {
                guard names.contains(where: { matches($0, pattern: key) }) else {
                    value.keyError("no signal of the profile fits `\(key)`", hint: suggestion(for: key, in: names))
                    continue
                }
                guard patterns.count < Self.maximumPatterns else {
                    value.keyError("more than \(Self.maximumPatterns) patterns for one machine")
                    break
                }
                let fitting = profile.points.map(\.point).filter { matches($0.signal.description, pattern: key) }
                if let change = readChange(value, of: fitting) { patterns.append((key, change)) }
            } else if let name = signalName(key, value) {
                if isDefinition(value) {
                    guard let added = add(value, name: name) else { continue }
                    warnOfLostCondition(added.point)
                    points.removeAll { $0.point.signal == name }
                    points.append(added.point)
                    named[name] = added.change
                } else if known.contains(key) {
                    let point = profile.points.map(\.point).filter { $0.signal == name }
                    if let change = readChange(value, of: point) { named[name] = change }
                } else {
                    value.keyError("the profile has no signal `\(key)`", hint: unknownHint(key, names))
                }
            }
        }
        let selected = select(points.map(\.point), patterns: patterns, named: named)
        let read = Set(selected.map(\.signal))
        check(points.filter { read.contains($0.point.signal) })
        return selected
    }

    private func unknownHint(_ key: String, _ names: [String]) -> String {
        if let near = nearest(to: key, in: names) { return "Did you mean `\(near)`?" }
        return "To add a signal, give its entity, address, wireType and kind."
    }

    private func signalName(_ key: String, _ field: Field) -> SignalName? {
        guard let name = SignalName(key) else {
            field.keyError("`\(key)` is no signal name", hint: "Write group/name, or a pattern such as group/*.")
            return nil
        }
        return name
    }

    private func isDefinition(_ field: Field) -> Bool {
        guard case .mapping(let entries) = field.node.content else { return false }
        return entries.contains { ["entity", "address", "sunspec", "wireType", "kind"].contains($0.key) }
    }

    private func add(_ field: Field, name: SignalName) -> (point: LocatedPoint, change: Change)? {
        guard let point = profile.reader.read(field, named: name) else { return nil }
        return (point, Change(every: point.section["every"]?.pollInterval()))
    }

    /// Checks what the site file added against all that is read. What is off leaves its address free.
    private func check(_ points: [LocatedPoint]) {
        let own = profile.points.first?.field.file
        let first = points.firstIndex { $0.field.file != own } ?? points.count
        guard first < points.count else { return }
        PointChecks(points: points, first: first, limits: profile.profile.limits).run()
    }

    /// A signal that the site file writes again, for its unit say, keeps nothing of the profile.
    private func warnOfLostCondition(_ added: LocatedPoint) {
        guard added.section["validWhen"] == nil,
            let former = profile.points.first(where: { $0.point.signal == added.point.signal })?.point,
            !former.validWhen.isEmpty, former.table == added.point.table, former.address == added.point.address
        else { return }
        let named = former.validWhen.map { "`\($0.signal)`" }.joined(separator: " and ")
        added.field.keyWarning(
            "without `validWhen` this looks good also when \(named) says that it does not count",
            hint: "Copy `validWhen` of this signal from the profile too.")
    }

    /// What a site file says about these points of the profile.
    private func readChange(_ field: Field, of points: [Point]) -> Change? {
        switch field.scalarText {
        case "off", "false", "no": return Change(isOff: true)
        case "on", "true", "yes": return Change()
        default: break
        }
        if field.isNothing { return Change() }
        guard field.isMapping else {
            return field.wrongKind(expected: "off, on or a mapping such as {every: 10s}")
        }
        guard let section = field.section(SiteShape.override) else { return nil }
        if let scale = section["scale"], let point = points.first(where: { !$0.isMeasured || isCompanion($0) }) {
            scale.error(
                "`\(point.signal)` is no measured number, so it has no scale of yours",
                hint: "What counts, has a name for each number, scales others or judges them stays as the profile says."
            )
        }
        return Change(
            every: section["every"]?.pollInterval(), deadband: section["deadband"]?.deadband(),
            everyReading: section["every-reading"]?.bool(), heartbeat: section["heartbeat"]?.interval(),
            staleAfter: section["stale-after"]?.interval(), badAfter: section["bad-after"]?.interval(),
            frozenAfter: section["frozen-after"]?.interval(),
            maxChangePerSecond: section["max-change-per-second"]?.rate(),
            label: section["label"]?.localizedText(), range: section["range"]?.band(),
            limits: section["limits"]?.band(), scale: section["scale"]?.scale(), publish: section["publish"]?.bool())
    }

    private func isCompanion(_ point: Point) -> Bool {
        profile.points.contains { $0.point.companions.contains(point.signal) }
    }

    private func select(
        _ points: [Point], patterns: [(pattern: String, change: Change)], named: [SignalName: Change]
    ) -> [Point] {
        var chosen: [Point] = []
        var off: [Point] = []
        for point in points {
            let changes: [Change] =
                patterns.filter { matches(point.signal.description, pattern: $0.pattern) }.map(\.change)
                + [named[point.signal]].compactMap(\.self)
            let result = changed(point, by: changes)
            if changes.last?.isOff == true { off.append(result) } else { chosen.append(result) }
        }
        var needed = Set(chosen.flatMap(\.companions))
        if !chosen.isEmpty { needed.formUnion(profile.profile.ruleSignals) }
        let helpers = off.filter { needed.contains($0.signal) }.map { point in
            var helper = point
            helper.published = false
            return helper
        }
        let missing = Set(helpers.flatMap(\.companions)).subtracting(needed)
        let deeper = off.filter { missing.contains($0.signal) }.map { point in
            var helper = point
            helper.published = false
            return helper
        }
        return chosen + helpers + deeper
    }

    private func changed(_ point: Point, by changes: [Change]) -> Point {
        var result = point
        var ownInterval: Duration?
        for change in changes {
            ownInterval = change.every ?? ownInterval
            result.label = change.label ?? result.label
            result.range = change.range ?? result.range
            result.limits = change.limits ?? result.limits
            if let scale = change.scale { result.scaling.set(scale) }
            result.published = change.publish ?? result.published
            result.sampling.deadband = change.deadband ?? result.sampling.deadband
            result.sampling.everyReading = change.everyReading ?? result.sampling.everyReading
            result.sampling.heartbeat = change.heartbeat ?? result.sampling.heartbeat
            result.sampling.frozenAfter = change.frozenAfter ?? result.sampling.frozenAfter
            result.sampling.maxChangePerSecond = change.maxChangePerSecond ?? result.sampling.maxChangePerSecond
        }
        let interval = ownInterval ?? machineInterval(of: point)
        result.sampling.interval = interval
        // An age of the profile that is shorter than the new interval would call every reading old.
        if let age = result.sampling.staleAfter, age <= interval { result.sampling.staleAfter = nil }
        if let age = result.sampling.badAfter, age <= interval { result.sampling.badAfter = nil }
        for change in changes {
            result.sampling.staleAfter = change.staleAfter ?? result.sampling.staleAfter
            result.sampling.badAfter = change.badAfter ?? result.sampling.badAfter
        }
        return result
    }

    /// The machine's `every`, but a point that its profile reads more slowly stays slow.
    private func machineInterval(of point: Point) -> Duration {
        guard let every else { return point.sampling.interval ?? profile.profile.interval }
        return max(every, point.sampling.interval ?? every)
    }
}

extension Point {
    /// True if its value is a number that a scale can change.
    fileprivate var isMeasured: Bool {
        [.measurement, .setpoint].contains(kind) && enumeration.isEmpty && dataType != .boolean && dataType != .string
    }
}

extension Scaling {
    /// Another scale, and the offset as it is.
    fileprivate mutating func set(_ scale: Double) {
        self = scale == 1 && offset == 0 ? .none : Scaling(scale: scale, offset: offset)
    }
}

extension Field {
    /// A time between readings: 10 ms to 31 days.
    func interval() -> Duration? { duration(in: .milliseconds(10) ... .seconds(31 * 86_400)) }

    /// A time from one poll to the next: 10 ms to 31 days, or zero.
    func pollInterval() -> Duration? {
        duration(in: .milliseconds(10) ... .seconds(31 * 86_400), zeroMeans: "as fast as the bus takes it")
    }
}

/// True if the name fits the pattern, in which `*` stands for any text. Linear but for the last star.
func matches(_ name: String, pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return name == pattern }
    guard name.count >= first.count + last.count, name.hasPrefix(first), name.hasSuffix(last) else { return false }
    var rest = name.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
        guard let end = rest.indices.first(where: { rest[$0...].hasPrefix(part) }) else { return false }
        rest = rest[end...].dropFirst(part.count)
    }
    return true
}
