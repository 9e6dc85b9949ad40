/// Reads the raw number of one point: where its words lie and in which order. It holds no references, so that a
/// list of them is walked without counting any.
struct WireReader: Sendable {
    let registers: Int
    let order: ByteOrder
    let form: WireForm

    init(_ point: Point) {
        registers = point.wire.registers
        order = point.order
        form = WireForm(point.wire)
    }

    /// The value where the profile says nothing beyond the type.
    func plain(_ words: Span<UInt16>, at offset: Int) -> Decoded {
        guard holds(words, at: offset) else { return .bad(.decodeError) }
        switch form {
        case .text(let layout):
            guard let text = layout.text(words, at: offset, registers: registers) else { return .bad(.decodeError) }
            return Decoded(value: .text(text), condition: .good)
        case .unusable: return .bad(.configError)
        default: return plain(form.number(bits(words, at: offset)))
        }
    }

    /// The value by the rules of the point, which has some.
    func ruled(_ words: Span<UInt16>, at offset: Int, _ rules: ValueRules, exponent: Int?) -> Decoded {
        guard holds(words, at: offset) else { return .bad(.decodeError) }
        switch form {
        case .text: return plain(words, at: offset)
        case .unusable: return .bad(.configError)
        default: return rules.decode(bits(words, at: offset), as: form, exponent: exponent)
        }
    }

    private func holds(_ words: Span<UInt16>, at offset: Int) -> Bool {
        offset >= 0 && offset <= words.count - registers
    }

    private func bits(_ words: Span<UInt16>, at offset: Int) -> UInt64 {
        order.reordered(joined(words, at: offset, registers: registers), registers: registers)
    }

    private func plain(_ number: RawNumber) -> Decoded {
        switch number {
        case .bool(let value): Decoded(value: .bool(value), condition: .good)
        case .unsigned(let value): Decoded(value: .uint(value), condition: .good)
        case .signed(let value): Decoded(value: .int(value), condition: .good)
        case .float(let value):
            value.isFinite ? Decoded(value: .float(value), condition: .good) : .bad(.sensorFault)
        case .double(let value):
            value.isFinite ? Decoded(value: .double(value), condition: .good) : .bad(.sensorFault)
        case .invalid: .bad(.decodeError)
        }
    }
}
