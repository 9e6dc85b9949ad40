package import KoppelCore

/// A register as other programs describe it, on its way to a point.
struct FoundRegister {
    var subject: String
    var position: SourcePosition
    /// What to make the signal's name and label of.
    var name: String
    var label: String?
    var table: RegisterTable
    var address: Int
    var wire: WireType
    var order = ByteOrder.specification
    var scale = 1.0
    var offset = 0.0
    /// The unit as it is written; `nil` if the file has none.
    var unit: String?
    var sentinels: [Sentinel] = []
    var enumeration: [Int64: String] = [:]
    var interval: Duration?
    /// The group of the signal's name, where the file says; else it follows from the unit.
    var group: String?
    /// What the file itself says of it. A counter comes with its rule, or it is a measurement.
    var kind: SignalKind?
    var counter: CounterRule?
    /// An IRI, where the file has one; else it follows from the unit.
    var quantityKind: String?
}

extension ImportedDevice {
    /// Takes a register over as a point, with what can be said of it for certain.
    ///
    /// A number without a usable unit becomes an `event`, the kind that claims no unit.
    mutating func add(_ found: FoundRegister) {
        guard points.count < ProfileReader.maximumPoints else {
            return leaveOut(found.subject, at: found.position, because: "a profile has at most 10,000 points")
        }
        guard let address = UInt16(exactly: found.address) else {
            return leaveOut(
                found.subject, at: found.position, because: "data address \(found.address) is outside 0 to 65535")
        }
        guard found.scale != 0, found.scale.isFinite, found.offset.isFinite else {
            return leaveOut(found.subject, at: found.position, because: "a scale of 0 makes every value 0")
        }
        let register = found
        var found = found
        let kind: SignalKind
        var unit: UnitOfMeasure?
        var quantityKind: String?
        if found.table.isBits { (found.wire, found.order) = (.bool, .specification) }
        switch found.wire {
        case .string: kind = found.kind == .event ? .event : .text
        case .bool, .bit:
            kind = found.kind == .event ? .event : .state
            if kind == .state, found.enumeration.isEmpty { found.enumeration = [0: "off", 1: "on"] }
            (found.scale, found.offset) = (1, 0)
        default:
            if found.kind == .state, !found.enumeration.isEmpty {
                kind = .state
            } else if let measured = measure(&found) {
                (unit, quantityKind) = measured
                kind = found.counter == nil ? found.kind ?? .measurement : .counter
            } else {
                kind = found.kind == .setpoint ? .setpoint : .event
            }
        }
        let group = found.group ?? Self.group(kind: kind, table: found.table, unit: unit, name: found.name)
        let label = found.label ?? found.name
        points.append(
            Found(
                point: Point(
                    signal: naming.name(for: found.name, group: group), label: ["nl": label, "en": label],
                    table: found.table, address: address, wire: found.wire,
                    order: found.order.fitting(found.wire),
                    scaling: found.scale == 1 && found.offset == 0
                        ? .none : Scaling(scale: found.scale, offset: found.offset),
                    sentinels: found.sentinels, kind: kind, quantityKind: quantityKind, unit: unit,
                    enumeration: found.enumeration, counter: kind == .counter ? found.counter : nil,
                    sampling: SamplingRule(interval: found.interval)),
                position: found.position, subject: found.subject, register: register))
    }

    /// The unit and quantity kind of a number; `nil`, and a line in the list, if they are not certain.
    mutating func measure(_ found: inout FoundRegister, givenByPerson: Bool = false) -> (UnitOfMeasure, String)? {
        let hint = "It is kept as kind event. If you know the unit: --measures \"\(found.name)=UNIT\"."
        if let reason = found.takeStep(givenByPerson: givenByPerson) {
            note(
                found.subject, at: found.position, "without its unit: \(reason)",
                hint:
                    "It is kept as kind event. If you know what one count is worth: --measures \"\(found.name)=0.1 UNIT\"."
            )
            return nil
        }
        guard let text = found.unit, !ForeignUnit.isNone(text) else {
            // A code or a wanted number is whole without a unit.
            if found.kind == .event || found.kind == .setpoint { return nil }
            note(found.subject, at: found.position, "without a unit: the file names none", hint: hint)
            return nil
        }
        guard let foreign = ForeignUnit(text) else {
            note(found.subject, at: found.position, "without its unit: `\(text)` is not in the unit table", hint: hint)
            return nil
        }
        guard let quantityKind = found.quantityKind ?? foreign.quantityKind.map({ Self.vocabulary + $0 }) else {
            note(
                found.subject, at: found.position,
                "without its unit: `\(text)` does not tell for certain what is measured", hint: hint)
            return nil
        }
        if foreign.factor != 1 || foreign.shift != 0 {
            found.offset = (found.offset * foreign.factor + foreign.shift).tidy
            found.scale = (found.scale * foreign.factor).tidy
            note(
                found.subject, at: found.position,
                "`\(text)` is not in the unit table: scaled into \(foreign.unit.ucum)")
        }
        return (foreign.unit, quantityKind)
    }

    private static let vocabulary = "http://qudt.org/vocab/quantitykind/"

    static func group(kind: SignalKind, table: RegisterTable, unit: UnitOfMeasure?, name: String) -> String {
        if table.isBits { return "io" }
        let isHeat = ["heat", "warm", "wärm", "therm", "cool", "koel", "kälte"].contains(
            where: name.lowercased().contains)
        if isHeat, let ucum = unit?.ucum, ["W", "kW", "W.h", "kW.h", "MW.h", "MJ"].contains(ucum) { return "heat" }
        switch (kind, unit?.ucum) {
        case (.text, _): return "identity"
        case (.state, _): return "status"
        case (_, "Cel"), (_, "K"): return "heat"
        case (_, "{#}"): return "counters"
        case (_, let ucum?):
            let electrical = [
                "V", "mV", "kV", "A", "mA", "W", "kW", "V.A", "kV.A", "V.A{reactive}", "kV.A{reactive}", "W.h", "kW.h",
                "MW.h", "kV.A.h{reactive}", "V.A.h{reactive}", "V.A.h", "kV.A.h", "uA", "Hz",
            ]
            return electrical.contains(ucum) ? "electrical" : "measured"
        default: return "measured"
        }
    }
}

extension ByteOrder {
    /// Without the swaps that a value of this width does not have.
    package func fitting(_ wire: WireType) -> ByteOrder {
        switch wire {
        case .bool, .string: .specification
        default:
            ByteOrder(
                bytes: bytes, words: words && wire.registers >= 2, doubleWords: doubleWords && wire.registers == 4)
        }
    }
}
