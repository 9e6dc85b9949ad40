internal import KoppelConfig
internal import KoppelCore

/// The few questions a first profile needs.
struct ProfileQuestions {
    var dialogue: Dialogue
    private var order: WordOrder?

    init(_ dialogue: Dialogue) { self.dialogue = dialogue }

    /// The profile as it was answered, with zero-based addresses.
    mutating func profile() throws -> DeviceProfile {
        let manufacturer = try dialogue.ask("Manufacturer, as on the nameplate", accept: filled)
        let model = try dialogue.ask("Model", accept: filled)
        let source = try dialogue.ask("The manual with its date or edition", accept: filled)
        let addressing = try dialogue.choose(
            "How the manual counts addresses", of: SheetAddressing.allCases)
        var usual: RegisterTable?
        if addressing != .modicon {
            usual = try dialogue.ask("The function code that reads most of them (1, 2, 3, 4)", or: "3", accept: table)
        }
        var draft = ProfileDraft()
        while let place = try place(addressing, usual, isFirst: draft.points.isEmpty) {
            try addPoint(at: place, to: &draft)
        }
        return DeviceProfile(
            id: profileID(manufacturer: manufacturer, model: model), version: "0.1.0", manufacturer: manufacturer,
            model: model, points: draft.points, confidence: .low, sources: [source])
    }

    /// `nil` when there are no more.
    private mutating func place(_ addressing: SheetAddressing, _ usual: RegisterTable?, isFirst: Bool) throws
        -> ManualPlace?
    {
        let other = usual == nil ? "" : "in another table: coil 5"
        let question =
            isFirst
            ? "Address of the first value" + (other.isEmpty ? "" : " (\(other))")
            : "Address of the next value (empty when done\(other.isEmpty ? "" : "; " + other))"
        return try dialogue.ask(question, or: "") { answer throws(Dialogue.Refusal) -> ManualPlace? in
            if answer.isEmpty, !isFirst { return nil }
            guard let place = ManualPlace(answer, addressing, usual: usual) else {
                throw Dialogue.Refusal(sentence: "no address in \(addressing.rawValue) notation")
            }
            return place
        }
    }

    private mutating func addPoint(at place: ManualPlace, to draft: inout ProfileDraft) throws {
        var wire = WireType.bool
        if !place.table.isBits {
            wire = try dialogue.ask(
                "Type (int16, uint16, int32, uint32, int64, uint64, float32, float64, bool, bit N, string N)",
                accept: type)
        }
        var byteOrder = ByteOrder.specification
        if wire.registers > 1, wire.isNumber {
            let chosen = try dialogue.choose("Byte order", of: WordOrder.allCases, or: order ?? .abcd)
            (order, byteOrder) = (chosen, chosen.order.fitting(wire))
        }
        var scale = 1.0
        var unit: UnitAnswer?
        if wire.isNumber {
            scale = try dialogue.ask("The value is the raw number times", or: "1", accept: factor)
            unit = try dialogue.ask("Unit, for example V, kW.h, Cel, % (empty if none)", or: "", accept: self.unit)
            if let unit, unit.factor != 1 || unit.shift != 0 {
                dialogue.tell("  The unit table has \(unit.unit.ucum) for it: the value is scaled into that.")
            }
        }
        let name = try dialogue.ask("Name, for example Voltage L1", accept: filled)
        draft.add(name, at: place, wire, order: byteOrder, scale: scale, unit: unit)
    }

    // MARK: What an answer may be

    private func filled(_ answer: String) throws(Dialogue.Refusal) -> String {
        guard !answer.isEmpty, answer.utf8.count <= 200 else {
            throw Dialogue.Refusal(sentence: "1 to 200 characters belong here")
        }
        return answer
    }

    private func table(_ answer: String) throws(Dialogue.Refusal) -> RegisterTable {
        switch answer {
        case "1", "01": return .coil
        case "2", "02": return .discreteInput
        case "3", "03": return .holdingRegister
        case "4", "04": return .inputRegister
        default:
            throw Dialogue.Refusal(
                sentence: "1 reads coils, 2 discrete inputs, 3 holding registers, 4 input registers")
        }
    }

    private func type(_ answer: String) throws(Dialogue.Refusal) -> WireType {
        guard let wire = wireType(named: answer) else {
            throw Dialogue.Refusal(sentence: "`\(answer)` is no type that is known here")
        }
        return wire
    }

    private func factor(_ answer: String) throws(Dialogue.Refusal) -> Double {
        guard let factor = Double(answer.replacing(",", with: ".")), factor.isFinite, factor != 0 else {
            throw Dialogue.Refusal(sentence: "a number other than 0 belongs here, for example 0.1")
        }
        return factor
    }

    private func unit(_ answer: String) throws(Dialogue.Refusal) -> UnitAnswer? {
        if answer.isEmpty { return nil }
        guard let unit = UnitAnswer(answer) else {
            let known = UnitOfMeasure.table.map(\.ucum).joined(separator: ", ")
            throw Dialogue.Refusal(sentence: "the units are \(known). Scale the value into one of them")
        }
        return unit
    }
}

extension WireType {
    /// True if scale, unit and byte order can go with it.
    fileprivate var isNumber: Bool {
        switch self {
        case .bool, .bit, .string: false
        default: true
        }
    }
}
