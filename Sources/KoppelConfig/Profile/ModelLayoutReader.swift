internal import KoppelCore

/// Reads the SunSpec models of a profile (`sunspec:`), and where a point lies in one of them.
struct ModelLayoutReader {
    /// Models of one profile.
    static let maximumModels = 32

    func read(_ field: Field) -> ModelLayout? {
        guard let section = field.section(ProfileShape.sunspec) else { return nil }
        let base = section["base"]?.int(in: 0...65_000).map { UInt16($0) } ?? ChainWalk.usualBase
        guard let list = section.required("models"), let items = list.list() else { return nil }
        guard (1...Self.maximumModels).contains(items.count) else {
            list.error("a profile reads 1 to \(Self.maximumModels) models, and here are \(items.count)")
            return nil
        }
        var known: Set<UInt16> = []
        let models = items.compactMap { item -> ModelLayout.Wanted? in
            guard let model = readModel(item) else { return nil }
            for id in model.ids where !known.insert(id).inserted {
                item.error("model \(id) stands twice")
            }
            return model
        }
        let layout = ModelLayout(base: base, models: models)
        guard layout.example.end <= 65_534 else {
            list.error("these models run past address 65535", hint: "Is each length that of the registers behind it?")
            return nil
        }
        return models.isEmpty ? nil : layout
    }

    private func readModel(_ field: Field) -> ModelLayout.Wanted? {
        guard let section = field.section(ProfileShape.model) else { return nil }
        let id = section.required("id")?.modelID()
        let length = section.required("length")?.int(in: 1...65_000).map { UInt16($0) }
        let others = section["or"]?.list()?.compactMap { $0.modelID() } ?? []
        let isOptional = section["optional"]?.bool() ?? false
        guard let id, let length else { return nil }
        return ModelLayout.Wanted(ids: [id] + others, length: length, isOptional: isOptional)
    }

    /// The place of a point and its address in the example device.
    func place(_ field: Field, wire: WireType, in layout: ModelLayout?) -> (place: ModelPlace, address: UInt16)? {
        guard let section = field.section(ProfileShape.place) else { return nil }
        let id = section.required("model")?.modelID()
        let offset = section.required("offset")?.int(in: 0...65_000)
        guard let id, let offset else { return nil }
        guard let layout else {
            field.error("the profile has no SunSpec models", hint: "List them under `sunspec:` of the profile.")
            return nil
        }
        guard let model = layout.example.models.first(where: { $0.id == id }) else {
            let names = layout.models.compactMap(\.ids.first).map(String.init).joined(separator: ", ")
            section["model"]?.error(
                "the profile reads no model \(id)", hint: "A point names one of \(names); `or` gives its other numbers."
            )
            return nil
        }
        guard offset + wire.registers <= Int(model.length) + 2 else {
            section["offset"]?.error(
                "\(wire.registers) \(wire.registers == 1 ? "register" : "registers") from offset \(offset) run past the end"
                    + " of model \(id), which has \(Int(model.length) + 2) registers with its id and length")
            return nil
        }
        return (ModelPlace(model: id, offset: UInt16(offset)), model.address + UInt16(offset))
    }
}

extension Field {
    /// The number of a SunSpec model.
    fileprivate func modelID() -> UInt16? { int(in: 1...65_534).map { UInt16($0) } }
}
