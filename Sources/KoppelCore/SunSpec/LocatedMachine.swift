/// A machine with the addresses that its SunSpec models have in the device.
package struct LocatedMachine: Equatable, Sendable {
    /// The machine, its points and readable registers where they lie in the device. The place of a point among the
    /// points is the same as before.
    package var settings: MachineSettings
    /// The points the device does not have, and why they have no value; their addresses mean nothing.
    package var absent: [Int: Condition]
    /// The models without which the device is none for this profile, each by its first id; empty if it has them all.
    package var missing: [UInt16]

    package init(settings: MachineSettings, absent: [Int: Condition] = [:], missing: [UInt16] = []) {
        self.settings = settings
        self.absent = absent
        self.missing = missing
    }

    /// A machine whose device names no SunSpec models, or not all of them: every point that should lie in one is a mistake in the
    /// configuration.
    package static func unlocated(_ settings: MachineSettings) -> LocatedMachine {
        let absent = settings.points.indices.filter { settings.points[$0].place != nil }.map {
            ($0, Condition.configError)
        }
        return LocatedMachine(
            settings: settings, absent: Dictionary(uniqueKeysWithValues: absent),
            missing: settings.profile.layout?.models.filter { !$0.isOptional }.compactMap(\.ids.first) ?? [])
    }
}

extension MachineSettings {
    /// The machine as it lies in a device with these models.
    package func located(in chain: ModelChain) -> LocatedMachine {
        guard let layout = profile.layout else { return LocatedMachine(settings: self) }
        let places = ModelPlaces(layout, in: chain, device: modelDevice)
        var located = LocatedMachine(settings: self, missing: places.missing)
        for index in points.indices {
            if let address = places.address(of: points[index]) {
                located.settings.points[index].address = address
            } else {
                let isMissing = points[index].place.map { places.missing.contains($0.model) } ?? false
                located.absent[index] = isMissing ? .configError : .notSupported
            }
        }
        // A value is nothing without its scale, and without what says whether it counts.
        let lost = Set(located.absent.keys.map { points[$0].signal })
        for index in points.indices where located.absent[index] == nil {
            if points[index].companions.contains(where: lost.contains) { located.absent[index] = .notSupported }
        }
        located.settings.profile.points = places.located(profile.points)
        located.settings.profile.limits.readableGaps.removeAll { $0 == layout.example.span }
        located.settings.profile.limits.readableGaps.append(chain.span)
        return located
    }
}
