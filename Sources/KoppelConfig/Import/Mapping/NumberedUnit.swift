internal import KoppelCore

/// A unit with a number before it, as many manuals write the step of a register: `0.1V`, `0,01 kWh`, `x 10 W`.
struct NumberedUnit: Hashable {
    var step: Double
    /// Empty if there is only a number.
    var unit: String

    /// `nil` if no number stands before the unit, or one that can be two.
    init?(_ text: String) {
        var rest = text.drop { $0.isWhitespace || "x×*".contains($0) }
        let number = rest.prefix { $0.isNumber || $0 == "." || $0 == "," }
        rest = rest.dropFirst(number.count).drop { $0.isWhitespace || "*·×".contains($0) }
        // `10^3 m3` and `1e-3 V` are more than a number.
        guard let step = SheetNumber.number(String(number)), step > 0, rest.first != "^",
            !(rest.lowercased().hasPrefix("e") && rest.dropFirst().contains { $0.isNumber })
        else { return nil }
        self.step = step
        unit = String(rest)
    }
}

extension FoundRegister {
    /// Takes the number before its unit into the scale.
    ///
    /// A step below 1 is what one count is worth. `100kWh` may as well say that the raw number is divided by 100: only a
    /// person can tell, who gives it with `--measures`.
    /// - Returns: Why the number is not taken; `nil` if it is, or there is none.
    mutating func takeStep(givenByPerson: Bool) -> String? {
        guard let text = unit, UnitOfMeasure(ucum: text) == nil, let numbered = NumberedUnit(text) else { return nil }
        guard numbered.step <= 1 || givenByPerson else {
            return "`\(text)` can mean times \(numbered.step.fileText) or divided by it"
        }
        let isSaidTwice = !givenByPerson && scale == numbered.step
        guard isSaidTwice || givenByPerson || scale == 1 || numbered.step == 1 else {
            return "`\(text)` and the scale \(scale.fileText) are two scales"
        }
        guard offset == 0 || numbered.step == 1 else {
            return "`\(text)` and the offset \(offset.fileText) can be added in two ways"
        }
        if !isSaidTwice { scale = (scale * numbered.step).tidy }
        unit = numbered.unit.isEmpty ? nil : numbered.unit
        return nil
    }
}

extension WireType {
    /// True for the types that have a decimal point of their own.
    var isFloat: Bool {
        switch self {
        case .float32, .float64: true
        default: false
        }
    }
}
