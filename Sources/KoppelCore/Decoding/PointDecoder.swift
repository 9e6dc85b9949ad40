/// Decodes one point from raw words. Made once per point; decoding a number allocates nothing.
///
/// The order of the steps is part of the contract: byte and word order, then sentinels on the raw bits, then the
/// number, then scale and offset, then the bands (field rules P37, P41, P50). A word of a coil or discrete input is
/// 0 or 1.
///
/// An over-range or under-range sentinel is uncertain and shows the end of the point's limits, since that is what the
/// sensor says: at this end or beyond. A point without limits shows the number the pattern stands for.
package struct PointDecoder: Sendable {
    /// How many words one value takes.
    package let registers: Int
    private let order: ByteOrder
    private let form: WireForm
    // Everything a plain number does not need lies behind one reference. Decoders are copied about, and copying the
    // rules took more time than decoding.
    private let rules: ValueRules?

    /// Any point can be given; one that no register can hold decodes to bad, `config-error`.
    package init(_ point: Point) {
        registers = point.wire.registers
        order = point.order
        form = WireForm(point.wire)
        rules = ValueRules(point)
    }

    /// True if the value needs the power of ten of a scale register.
    package var needsExponent: Bool { rules?.needsExponent ?? false }

    /// The value of the words from `offset` on.
    ///
    /// - Parameters:
    ///   - words: An answer, or a part of one.
    ///   - offset: Where the point's first register lies in it. Words that are not there give `decode-error`.
    ///   - exponent: What the scale register says, -18 to 18; without it a point that needs one gives `decode-error`.
    /// - Returns: A value, or a bad condition; never a zero for something that was not read (field rule P40).
    package func decode(_ words: Span<UInt16>, at offset: Int = 0, exponent: Int? = nil) -> Decoded {
        guard offset >= 0, offset <= words.count - registers else { return .bad(.decodeError) }
        switch form {
        case .text(let layout):
            guard let text = layout.text(words, at: offset, registers: registers) else { return .bad(.decodeError) }
            return Decoded(value: .text(text), condition: .good)
        case .unusable:
            return .bad(.configError)
        default:
            let bits = order.reordered(joined(words, at: offset, registers: registers), registers: registers)
            guard let rules else { return plain(form.number(bits)) }
            return rules.decode(bits, as: form, exponent: exponent)
        }
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
