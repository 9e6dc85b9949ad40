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

    /// A machine whose device has no SunSpec models at all: every point that should lie in one is a mistake in the
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
    ///
    /// Of several devices behind one unit the ``modelDevice``-th is taken that has all models the profile needs. A point
    /// behind the end of a model is not there: devices leave out what came with a later edition.
    package func located(in chain: ModelChain) -> LocatedMachine {
        guard let layout = profile.layout else { return LocatedMachine(settings: self) }
        let fitting = chain.devices.filter { device in
            layout.models.allSatisfy { $0.isOptional || $0.model(in: device) != nil }
        }
        // Some devices leave out the model 1 before a meter: then the chain is looked at as one.
        let device =
            fitting.isEmpty && modelDevice == 1 ? chain.models[...] : fitting.dropFirst(modelDevice - 1).first ?? []
        var places: [UInt16: ModelChain.Model] = [:]
        var missing: [UInt16] = []
        for wanted in layout.models {
            guard let first = wanted.ids.first else { continue }
            if let model = wanted.model(in: device) {
                places[first] = model
            } else if !wanted.isOptional {
                missing.append(first)
            }
        }
        var located = LocatedMachine(settings: self, missing: missing)
        for index in points.indices {
            guard let place = points[index].place else { continue }
            guard let address = points[index].address(in: places) else {
                located.absent[index] = missing.contains(place.model) ? .configError : .notSupported
                continue
            }
            located.settings.points[index].address = address
        }
        // A value is nothing without its scale.
        let lost = Set(located.absent.keys.map { points[$0].signal })
        for index in points.indices where located.absent[index] == nil {
            if let scale = points[index].scaleRegister, lost.contains(scale) { located.absent[index] = .notSupported }
        }
        located.settings.profile.points = profile.points.compactMap { point in
            guard point.place != nil else { return point }
            var point = point
            guard let address = point.address(in: places) else { return nil }
            point.address = address
            return point
        }
        located.settings.profile.limits.readableGaps.removeAll { $0 == layout.example.span }
        located.settings.profile.limits.readableGaps.append(chain.span)
        return located
    }
}

extension ModelLayout.Wanted {
    fileprivate func model(in device: ArraySlice<ModelChain.Model>) -> ModelChain.Model? {
        device.first { ids.contains($0.id) }
    }
}

extension Point {
    /// Where it lies; `nil` if the device does not have the model, or not so much of it.
    fileprivate func address(in models: [UInt16: ModelChain.Model]) -> UInt16? {
        guard let place, let model = models[place.model] else { return nil }
        let begin = Int(model.address) + Int(place.offset)
        guard begin + wire.registers <= min(model.end, 65_536) else { return nil }
        return UInt16(begin)
    }
}
