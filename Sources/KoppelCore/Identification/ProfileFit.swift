/// Whether a device that answers may be of a type: the values of a few telling points are looked at for plausibility.
///
/// It can only say that a profile looks right, never that it is (field rule P48).
package struct ProfileFit: Sendable {
    /// At most so many points of a profile are read.
    package static let mostPoints = 4

    package struct Verdict: Hashable, Sendable {
        /// `vendor/model`.
        package var profile: String
        /// How many of ``asked`` gave a plausible value.
        package var plausible: Int
        package var asked: Int
        /// A value for each plausible point, in the order of the points.
        package var evidence: [Evidence]
        /// The SunSpec models the profile needs, which the device said itself that it has; nothing is surer.
        package var models: [UInt16] = []
        /// How many SunSpec devices behind the unit id the profile fits.
        package var devices = 1
    }

    package struct Evidence: Hashable, Sendable {
        package var point: Point
        package var value: Value
    }

    package let profile: String
    /// The points that tell most; empty if the profile has none with a value that can be judged.
    package let points: [Point]
    /// Set if the device has to be asked for its SunSpec models.
    package let layout: ModelLayout?

    package init(profile id: String, _ profile: DeviceProfile) {
        self.profile = id
        layout = profile.layout
        guard layout == nil else {
            points = []
            return
        }
        let rated = profile.points.map { (point: $0, rating: Self.rating($0)) }.filter { $0.rating > 0 }
        points = rated.sorted { $0.rating > $1.rating }.prefix(Self.mostPoints).map(\.point)
    }

    /// One read for each point.
    package func requests(unit: UnitID) -> [ReadRequest] {
        points.compactMap {
            ReadRequest(unit: unit, table: $0.table, start: $0.address, count: $0.wire.registers)
        }
    }

    /// `nil` if less than half of what was asked is plausible. A read that was refused or not answered is not in
    /// `words`.
    package func verdict(_ words: [ReadRequest: [UInt16]], unit: UnitID) -> Verdict? {
        var evidence: [Evidence] = []
        for point in points {
            guard
                let request = ReadRequest(
                    unit: unit, table: point.table, start: point.address, count: point.wire.registers),
                let read = words[request], let value = PointDecoder(point).decode(read.span).value,
                Self.isPlausible(value, point)
            else { continue }
            evidence.append(Evidence(point: point, value: value))
        }
        guard !evidence.isEmpty, evidence.count * 2 >= points.count else { return nil }
        return Verdict(profile: profile, plausible: evidence.count, asked: points.count, evidence: evidence)
    }

    /// `nil` if the profile is none for SunSpec, or the device lacks a model that it needs.
    package func verdict(_ chain: ModelChain) -> Verdict? {
        guard let layout else { return nil }
        let places = ModelPlaces(layout, in: chain)
        guard places.missing.isEmpty else { return nil }
        let needed = layout.models.filter { !$0.isOptional }
        let found = chain.models.map(\.id).filter { id in layout.models.contains { $0.ids.contains(id) } }
        return Verdict(
            profile: profile, plausible: needed.count, asked: needed.count, evidence: [],
            models: found.reduce(into: []) { models, id in if !models.contains(id) { models.append(id) } },
            devices: max(places.fitting, 1))
    }

    /// Best first: what the device says itself, then the part that is plausible, then how much was looked at, then the name.
    package static func ranked(_ verdicts: [Verdict]) -> [Verdict] {
        verdicts.sorted { left, right in
            if left.models.count != right.models.count { return left.models.count > right.models.count }
            let (leftPart, rightPart) = (left.plausible * right.asked, right.plausible * left.asked)
            if leftPart != rightPart { return leftPart > rightPart }
            if left.plausible != right.plausible { return left.plausible > right.plausible }
            return left.profile < right.profile
        }
    }

    /// How much a plausible value of the point tells; 0 if nothing.
    private static func rating(_ point: Point) -> Int {
        guard point.published, point.companions.isEmpty, !point.table.isBits else { return 0 }
        if usualBand(point) != nil { return 3 }
        if point.enumeration.count > 1 { return 2 }
        return point.limits != nil || point.range != nil ? 1 : 0
    }

    private static func isPlausible(_ value: Value, _ point: Point) -> Bool {
        guard let number = value.number else { return false }
        if let band = usualBand(point) { return band.low <= number && number <= band.high }
        // Zero is what a register holds that nobody uses.
        guard number != 0 else { return false }
        if point.enumeration.count > 1 { return Int64(exactly: number).flatMap { point.enumeration[$0] } != nil }
        guard let band = point.limits ?? point.range else { return false }
        return band.low <= number && number <= band.high
    }

    /// What the grid has everywhere: no device shows these by chance.
    private static func usualBand(_ point: Point) -> Band? {
        guard point.kind == .measurement else { return nil }
        return switch point.unit?.ucum {
        case "V": Band(low: 85, high: 500)
        case "Hz": Band(low: 45, high: 65)
        default: nil
        }
    }
}
