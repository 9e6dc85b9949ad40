internal import KoppelCore

/// A point with the place it was written, for checks that look at several points.
struct LocatedPoint {
    var point: Point
    var field: Field
    var section: Section

    /// The value of a key, or the point itself: where an issue about the key belongs.
    func place(_ key: String) -> Field {
        section[key] ?? (["entity", "address"].contains(key) ? section["sunspec"] : nil) ?? field
    }
}

/// Reads one point: where a signal lies in the registers and what it means.
struct PointReader {
    /// What other programs and manuals call these keys.
    private static let synonyms = [
        "name": "signal", "table": "entity", "function": "entity", "register": "address", "type": "wireType",
        "dataType": "wireType", "byteOrder": "order", "wordOrder": "order", "swap": "order", "factor": "scale",
        "multiplier": "scale", "interval": "sampling", "intervalMs": "sampling", "deadband": "sampling",
        "min": "limits", "max": "limits", "values": "enum", "description": "label", "title": "label",
        "validIf": "validWhen", "validity": "validWhen", "quality": "validWhen",
    ]

    let notation: AddressNotation
    let order: ByteOrder.Switches
    /// The SunSpec models of the profile, if it has any.
    var layout: ModelLayout?

    /// A point of a profile, which names its signal itself.
    func read(_ field: Field) -> LocatedPoint? {
        guard let section = field.section(PointShape.point, synonyms: Self.synonyms) else { return nil }
        let name = section.required("signal")?.signalName()
        return read(section, name: name)
    }

    /// A point that a site file adds under the signal's name.
    func read(_ field: Field, named name: SignalName) -> LocatedPoint? {
        guard let section = field.section(SiteShape.addedPoint) else { return nil }
        return read(section, name: name)
    }

    private func read(_ section: Section, name: SignalName?) -> LocatedPoint? {
        let wire = WireTypeReader(section: section).read()
        let location = readLocation(section, wire)
        let kind = section.required("kind")?.choice(SignalKind.self)
        let meaning = MeaningReader(section: section)
        let label = meaning.label()
        let unit = meaning.unit(kind)
        let quantityKind = meaning.quantityKind(kind)
        let semanticIDs = meaning.semanticIDs()
        let mtconnect = meaning.mtconnect()
        let range = section["range"]?.band()
        let limits = section["limits"]?.band()
        let enumeration = meaning.enumeration(kind)
        let counter = meaning.counter(kind)
        let sampling = SamplingReader(section: section).read()
        let group = section["group"]?.identifier()?.description
        let scale = section["scale"]?.scale() ?? 1
        let offset = section["offset"]?.number() ?? 0
        let scaleRegister = section["scaleRegister"]?.signalName()
        let validWhen = ValidityReader().read(section["validWhen"])
        let isPublished = section["publish"]?.bool() ?? true
        guard let wire else { return nil }
        let sentinels = SentinelReader(wire: wire).read(section["sentinels"])
        let byteOrder = ByteOrderReader(section: section, defaults: order).read(for: wire)
        guard let name, let location, let kind else { return nil }
        let scaling = scale == 1 && offset == 0 ? Scaling.none : Scaling(scale: scale, offset: offset)
        let point = Point(
            signal: name, label: label, table: location.table, address: location.address, place: location.place,
            wire: wire,
            order: byteOrder, scaling: scaling, scaleRegister: scaleRegister, sentinels: sentinels,
            validWhen: validWhen, kind: kind, quantityKind: quantityKind, unit: unit,
            semanticIDs: semanticIDs, mtconnect: mtconnect, range: range, limits: limits, enumeration: enumeration,
            counter: counter, sampling: sampling, group: group, published: isPublished)
        return LocatedPoint(point: point, field: section.field, section: section)
    }

    /// Where it lies: by table and address, or by its place in a SunSpec model.
    private func readLocation(
        _ section: Section, _ wire: WireType?
    ) -> (table: RegisterTable, address: UInt16, place: ModelPlace?)? {
        guard let place = section["sunspec"] else {
            let table = section.required("entity")?.table()
            let address = section.required("address").flatMap { field in
                table.flatMap { notation.address(field, table: $0) }
            }
            guard let table, let address else { return nil }
            return (table, address, nil)
        }
        for key in ["entity", "address"] {
            section[key]?.keyError("`sunspec` says where the point lies, so it has no `\(key)`")
        }
        guard let wire, let found = ModelLayoutReader().place(place, wire: wire, in: layout) else { return nil }
        return (.holdingRegister, found.address, found.place)
    }
}

/// Reads when a reading is stored, in the milliseconds of the profile schema.
struct SamplingReader {
    let section: Section

    func read() -> SamplingRule {
        guard let field = section["sampling"], let parts = field.section(PointShape.sampling) else {
            return SamplingRule()
        }
        var rule = SamplingRule()
        rule.interval = parts["intervalMs"]?.milliseconds(from: 10)
        rule.staleAfter = parts["staleAfterMs"]?.milliseconds(from: 10)
        rule.badAfter = parts["badAfterMs"]?.milliseconds(from: 10)
        if let heartbeat = parts["heartbeatMs"]?.milliseconds(from: 10) { rule.heartbeat = heartbeat }
        if let everyReading = parts["everyReading"]?.bool() { rule.everyReading = everyReading }
        if let deadband = parts["deadband"]?.deadband() { rule.deadband = deadband }
        rule.frozenAfter = parts["frozenAfterMs"]?.milliseconds(from: 10)
        rule.maxChangePerSecond = parts["maxChangePerSecond"]?.rate()
        if let stale = rule.staleAfter, let bad = rule.badAfter, bad < stale {
            parts["badAfterMs"]?.error("badAfterMs is shorter than staleAfterMs")
        }
        return rule
    }
}

extension Field {
    /// 31 days.
    static let mostMilliseconds = 31 * 86_400_000

    /// Whole milliseconds, at most 31 days.
    func milliseconds(from least: Int) -> Duration? {
        int(in: least...Self.mostMilliseconds).map { .milliseconds($0) }
    }

    /// A rate that is still plausible, above 0.
    func rate() -> Double? {
        guard let number = number() else { return nil }
        guard number > 0 else {
            error("a rate is above 0")
            return nil
        }
        return number
    }

    /// What a raw number is multiplied by, not 0.
    func scale() -> Double? {
        guard let scale = number() else { return nil }
        guard scale != 0 else {
            error("a scale of 0 makes every value 0")
            return nil
        }
        return scale
    }

    /// A change that is not stored, at least 0.
    func deadband() -> Double? {
        guard let number = number() else { return nil }
        guard number >= 0 else {
            error("a deadband is at least 0")
            return nil
        }
        return number
    }
}
