package import KoppelCore

/// Where a value of a manual lies.
package struct ManualPlace: Hashable, Sendable {
    package var table: RegisterTable
    /// Zero-based.
    package var address: UInt16

    /// `nil` if there is no such address in this notation; `usual` is the table where the number does not name it.
    package init?(_ text: String, _ addressing: SheetAddressing, usual: RegisterTable?) {
        // A bit is asked for by itself.
        guard let given = SheetAddress(text, isHex: false), given.bit == nil, let place = given.place(addressing),
            let table = place.table ?? usual, let address = UInt16(exactly: place.address)
        else { return nil }
        self.table = table
        self.address = address
    }
}

/// A profile while a person answers questions about it.
package struct ProfileDraft: Sendable {
    private var device = ImportedDevice(name: "new", file: "new")

    package init() {}

    package var points: [Point] { device.points.map(\.point) }

    /// Adds a value; its signal gets a name from `name` that no other has.
    ///
    /// A number without a unit becomes an `event`, the kind that claims none.
    package mutating func add(
        _ name: String, at place: ManualPlace, _ wire: WireType, order: ByteOrder, scale: Double, unit: UnitOfMeasure?
    ) {
        let isNumber: Bool
        switch wire {
        case .bool, .bit, .string: isNumber = false
        default: isNumber = true
        }
        let kind = unit.map { ForeignUnit.quantityKind(of: $0) ?? $0.typicalQuantityKind }
        device.add(
            FoundRegister(
                subject: name, position: .start, name: name, table: place.table, address: Int(place.address),
                wire: wire, order: order, scale: scale, unit: unit?.ucum, kind: unit == nil && isNumber ? .event : nil,
                quantityKind: kind.map { "http://qudt.org/vocab/quantitykind/" + $0 }))
    }
}

/// The type a person names: `float32`, `bit 3`, `string 8`; `nil` if there is none.
package func wireType(named name: String) -> WireType? {
    let words = name.lowercased().split(separator: " ")
    if words.count == 2, words[0] == "string" {
        guard let registers = Int(words[1]), (1...125).contains(registers) else { return nil }
        return .string(.highByteFirst, registers: registers)
    }
    guard case .success(let type) = SheetType.read(name, count: nil), type.order == nil else { return nil }
    return type.wire
}

/// The row of the unit table a person means; `nil` if there is none, or only one in another size.
package func unitOfMeasure(named name: String) -> UnitOfMeasure? {
    if let unit = UnitOfMeasure(ucum: name) { return unit }
    guard let foreign = ForeignUnit(name), foreign.factor == 1, foreign.shift == 0 else { return nil }
    return foreign.unit
}
