package import KoppelCore

/// Where a value of a manual lies.
package struct ManualPlace: Hashable, Sendable {
    package var table: RegisterTable
    /// Zero-based.
    package var address: UInt16

    /// `nil` if there is no such address in this notation; `usual` is the table where the number does not name it.
    ///
    /// A word before the number names its table: `coil 5`, `input 30`.
    package init?(_ text: String, _ addressing: SheetAddressing, usual: RegisterTable?) {
        let words = text.split(separator: " ")
        let named =
            words.count == 2 && addressing != .modicon ? RegisterTable(sheetTable: String(words[0])) : nil
        // A bit is asked for by itself.
        guard let given = SheetAddress(named == nil ? text : String(words[1]), isHex: false), given.bit == nil,
            let place = given.place(addressing), named == nil || place.table == nil || place.table == named,
            let table = named ?? place.table ?? usual, let address = UInt16(exactly: place.address)
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
        _ name: String, at place: ManualPlace, _ wire: WireType, order: ByteOrder, scale: Double,
        unit: UnitAnswer?
    ) {
        let isNumber: Bool
        switch wire {
        case .bool, .bit, .string: isNumber = false
        default: isNumber = true
        }
        let kind = unit.map { ForeignUnit.quantityKind(of: $0.unit) ?? $0.unit.typicalQuantityKind }
        device.add(
            FoundRegister(
                subject: name, position: .start, name: name, table: place.table, address: Int(place.address),
                wire: wire, order: order, scale: (scale * (unit?.factor ?? 1)).tidy, offset: unit?.shift ?? 0,
                unit: unit?.unit.ucum, kind: unit == nil && isNumber ? .event : nil,
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

/// The row of the unit table a person means: the value times `factor` plus `shift` is in that unit.
package struct UnitAnswer: Hashable, Sendable {
    package var unit: UnitOfMeasure
    package var factor: Double
    package var shift: Double

    /// `nil` if the table has nothing for it.
    package init?(_ name: String) {
        guard let foreign = ForeignUnit(name) else { return nil }
        (unit, factor, shift) = (foreign.unit, foreign.factor, foreign.shift)
    }
}
