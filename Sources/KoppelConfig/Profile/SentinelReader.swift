internal import KoppelCore

/// Reads raw patterns that mean something else than a value (field rule P41).
struct SentinelReader {
    let wire: WireType

    func read(_ field: Field?) -> [Sentinel] {
        guard let field, let items = field.list() else { return [] }
        return items.compactMap { item in
            guard let section = item.section(PointShape.sentinel) else { return nil }
            let pattern = section.required("raw").flatMap(readPattern)
            let meaning = section.required("means")?.choice(Sentinel.Meaning.self)
            guard let pattern, let meaning else { return nil }
            return Sentinel(pattern: pattern, meaning: meaning)
        }
    }

    private func readPattern(_ field: Field) -> Sentinel.Pattern? {
        guard let text = field.string() else { return nil }
        do throws(PatternFault) {
            return try Sentinel.Pattern(text, of: wire)
        } catch {
            switch error {
            case .noPattern: return field.wrongKind(expected: "a raw pattern such as 0x8000, or NaN,")
            case .unfitting(let sentence, let hint): field.error(sentence, hint: hint)
            }
            return nil
        }
    }
}

/// Why a text is no raw pattern of a wire type.
enum PatternFault: Error {
    case noPattern
    case unfitting(String, hint: String? = nil)
}

extension Sentinel.Pattern {
    /// `0x` and hexadecimal digits, or `NaN`. For a type that takes a part of a register, four digits are the whole
    /// register and fewer are the part.
    init(_ text: String, of wire: WireType) throws(PatternFault) {
        if text == "NaN" {
            guard wire == .float32 || wire == .float64 else {
                throw .unfitting("NaN exists only in float32 and float64")
            }
            self = .notANumber
            return
        }
        guard let width = wire.bitWidth else { throw .unfitting("a sentinel does not go with this wire type") }
        let digits = text.dropFirst(2)
        guard text.hasPrefix("0x"), let raw = UInt64(digits, radix: 16) else { throw .noPattern }
        if wire.isPartOfRegister, digits.count >= 4 {
            guard let register = UInt16(exactly: raw) else { throw .unfitting("\(text) is wider than a register") }
            self = .register(register)
            return
        }
        if case .bit = wire {
            throw .unfitting(
                "\(text) is one of the two values of a bit",
                hint: "A sentinel of a bit is the whole register it lies in: write four digits, for example 0xFFFF.")
        }
        guard width == 64 || raw >> UInt64(width) == 0 else {
            throw .unfitting(
                "\(text) is wider than the \(width) bits of the wire type",
                hint: wire.isPartOfRegister ? "For the whole register write four digits, for example 0xFFFF." : nil)
        }
        self = .bits(raw)
    }
}
