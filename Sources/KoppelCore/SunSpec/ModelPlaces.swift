/// Where the SunSpec models that a profile reads lie in one device.
package struct ModelPlaces: Hashable, Sendable {
    /// By the id the points name.
    private var models: [UInt16: ModelChain.Model] = [:]
    /// The models without which the device is none for this profile, each by its first id; empty if it has them all.
    package private(set) var missing: [UInt16] = []
    /// How many devices of the chain have all models the profile needs.
    package let fitting: Int

    /// Of several devices behind one unit the `device`-th is taken that has all models the profile needs, from 1.
    package init(_ layout: ModelLayout, in chain: ModelChain, device number: Int = 1) {
        let fitting = chain.devices.filter { device in
            layout.models.allSatisfy { $0.isOptional || $0.model(in: device) != nil }
        }
        // Some devices leave out the model 1 before a meter: then the chain is looked at as one.
        let asOne = fitting.isEmpty && number == 1
        self.fitting = fitting.count
        let device = asOne ? chain.models[...] : fitting.dropFirst(number - 1).first ?? []
        for wanted in layout.models {
            guard let id = wanted.ids.first else { continue }
            if let model = wanted.model(in: device) {
                models[id] = model
            } else if !wanted.isOptional {
                missing.append(id)
            }
        }
    }

    /// Where a point lies; `nil` if the device does not have its model, or not so much of it: devices leave out what came
    /// with a later edition.
    package func address(of point: Point) -> UInt16? {
        guard let place = point.place else { return point.address }
        guard let model = models[place.model] else { return nil }
        let begin = Int(model.address) + Int(place.offset)
        guard begin + point.wire.registers <= min(model.end, 65_536) else { return nil }
        return UInt16(begin)
    }

    /// The points the device has, where it has them.
    package func located(_ points: [Point]) -> [Point] {
        points.compactMap { point in
            guard let address = address(of: point) else { return nil }
            var point = point
            point.address = address
            return point
        }
    }
}

extension ModelLayout.Wanted {
    fileprivate func model(in device: ArraySlice<ModelChain.Model>) -> ModelChain.Model? {
        device.first { ids.contains($0.id) }
    }
}
