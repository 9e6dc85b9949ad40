/// The SunSpec models of one unit as they lie in its holding registers, one behind the other.
///
/// A chain is the two registers `SunS`, then each model with its id, its length and so many registers, then the id
/// 65,535. Bounded: at most ``mostModels`` models. Source: SunSpec Alliance, Device Information Model Specification,
/// "Device Modbus Map".
package struct ModelChain: Codable, Hashable, Sendable {
    /// More models than any device has; what comes after is not looked at.
    package static let mostModels = 64
    /// What stands at ``base``: the text `SunS`.
    package static let marker: [UInt16] = [0x5375, 0x6E53]
    /// The id that ends a chain.
    package static let endID: UInt16 = 0xFFFF
    /// The id of the model with manufacturer and serial number, with which each device begins.
    package static let commonID: UInt16 = 1

    package struct Model: Codable, Hashable, Sendable {
        package var id: UInt16
        /// The zero-based data address of the id. The length stands behind it, then the model's registers.
        package var address: UInt16
        /// Registers behind id and length.
        package var length: UInt16

        package init(id: UInt16, address: UInt16, length: UInt16) {
            self.id = id
            self.address = address
            self.length = length
        }

        /// One past its last register; 65,536 at most.
        package var end: Int { Int(address) + 2 + Int(length) }
    }

    /// The zero-based data address of the marker.
    package var base: UInt16
    /// In the order of their addresses.
    package var models: [Model]
    /// True if the id 65,535 ends it, as it has to.
    package var isClosed: Bool

    package init(base: UInt16, models: [Model], isClosed: Bool = true) {
        self.base = base
        self.models = models
        self.isClosed = isClosed
    }

    /// Models laid out one behind the other.
    package init(base: UInt16, ids: [(id: UInt16, length: UInt16)]) {
        var address = Int(base) + 2
        var models: [Model] = []
        for (id, length) in ids {
            guard let place = UInt16(exactly: address) else { break }
            models.append(Model(id: id, address: place, length: length))
            address += 2 + Int(length)
        }
        self.init(base: base, models: models)
    }

    /// The address behind the last model, where the end is marked.
    package var end: Int { models.last?.end ?? Int(base) + 2 }

    /// Everything from the marker to the mark of the end: all of it can be read.
    package var span: RegisterSpan {
        let last = min(isClosed ? end + 1 : end - 1, 65_535)
        return RegisterSpan(table: .holdingRegister, addresses: base...UInt16(max(Int(base), last)))
    }

    /// The registers that tell the layout: the marker, id and length of each model, and the mark of the end.
    package var headers: [UInt16: UInt16] {
        var words = [(Int(base), Self.marker[0]), (Int(base) + 1, Self.marker[1])]
        for model in models {
            words += [(Int(model.address), model.id), (Int(model.address) + 1, model.length)]
        }
        if isClosed { words += [(end, Self.endID), (end + 1, 0)] }
        return Dictionary(words.compactMap { place, word in UInt16(exactly: place).map { ($0, word) } }) { _, last in
            last
        }
    }

    /// The devices behind this unit: each begins with a model 1, an inverter for example and then its meters.
    package var devices: [ArraySlice<Model>] {
        var devices: [ArraySlice<Model>] = []
        var begin = models.startIndex
        for index in models.indices.dropFirst() where models[index].id == Self.commonID {
            devices.append(models[begin..<index])
            begin = index
        }
        return models.isEmpty ? [] : devices + [models[begin...]]
    }
}

extension ModelChain: CustomStringConvertible {
    /// `SunSpec at 40000: model 1 at 40002 (66), 103 at 40070 (50)`, with the lengths in brackets.
    package var description: String {
        let list = models.map { "\($0.id) at \($0.address) (\($0.length))" }.joined(separator: ", ")
        let end = isClosed ? "" : ", without a mark of the end"
        return "SunSpec at \(base): \(models.isEmpty ? "no model" : "model " + list)\(end)"
    }
}
