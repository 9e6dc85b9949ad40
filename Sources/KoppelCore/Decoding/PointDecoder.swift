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
    /// True if the value needs the power of ten of a scale register.
    package let needsExponent: Bool
    private let form: WireForm
    private let order: ByteOrder
    private let sentinels: [Sentinel]
    private let dataType: DataType
    private let isScaled: Bool
    private let scale: LinearScale
    private let states: KnownStates?
    private let limits: Band?
    private let bounds: Bounds

    /// Any point can be given; one that no register can hold decodes to bad, `config-error`.
    package init(_ point: Point) {
        registers = point.wire.registers
        needsExponent = point.scaleRegister != nil
        form = WireForm(point.wire)
        order = point.order
        sentinels = point.sentinels
        dataType = point.dataType
        scale = LinearScale(point.scaling, largestRaw: point.wire.largestRaw)
        isScaled = needsExponent || !scale.isIdentity || (point.dataType == .double && point.wire != .float64)
        states = point.kind == .state && !point.enumeration.isEmpty ? KnownStates(point.enumeration.keys) : nil
        limits = point.limits
        bounds = Bounds(point)
    }

    /// The value of the words from `offset` on.
    ///
    /// - Parameters:
    ///   - words: An answer, or a part of one.
    ///   - offset: Where the point's first register lies in it. Words that are not there give `decode-error`.
    ///   - exponent: What the scale register says, -18 to 18; without it a point that needs one gives `decode-error`.
    package func decode(_ words: Span<UInt16>, at offset: Int = 0, exponent: Int? = nil) -> Decoded {
        guard offset >= 0, offset <= words.count - registers else { return .bad(.decodeError) }
        if case .text(let layout) = form {
            guard let text = layout.text(words, at: offset, registers: registers) else { return .bad(.decodeError) }
            return Decoded(value: .text(text), condition: .good)
        }
        if form == .unusable { return .bad(.configError) }
        let bits = order.reordered(joined(words, at: offset, registers: registers), registers: registers)
        if !sentinels.isEmpty, let meaning = sentinel(bits) { return atSentinel(meaning, bits, exponent) }
        if needsExponent && exponent == nil { return .bad(.decodeError) }
        return checked(bits, exponent ?? 0)
    }

    private func checked(_ bits: UInt64, _ exponent: Int) -> Decoded {
        switch form {
        case .bool: truth(bits != 0)
        case .bit(let bit): truth(bits >> bit & 1 != 0)
        case .field(let lsb, let mask): unsigned(bits >> lsb & mask, exponent)
        case .unsigned: unsigned(bits, exponent)
        case .int8(let lsb): signed(Int64(Int8(truncatingIfNeeded: bits >> lsb)), exponent)
        case .int16: signed(Int64(Int16(truncatingIfNeeded: bits)), exponent)
        case .int32: signed(Int64(Int32(truncatingIfNeeded: bits)), exponent)
        case .int64: signed(Int64(bitPattern: bits), exponent)
        case .float32: float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)), exponent)
        case .float64: double(Double(bitPattern: bits), exponent)
        case .bcd:
            if let number = BinaryCodedDecimal.number(bits) { unsigned(number, exponent) } else { .bad(.decodeError) }
        case .text, .unusable: .bad(.configError)
        }
    }

    private func truth(_ value: Bool) -> Decoded {
        if let states, !states.contains(value ? 1 : 0) { return .bad(.unmappedState) }
        return Decoded(value: .bool(value), condition: .good)
    }

    private func unsigned(_ raw: UInt64, _ exponent: Int) -> Decoded {
        if let states, !states.contains(Int64(exactly: raw)) { return .bad(.unmappedState) }
        return isScaled ? scaled(Double(raw), exponent) : banded(.uint(raw), Double(raw))
    }

    private func signed(_ raw: Int64, _ exponent: Int) -> Decoded {
        if let states, !states.contains(raw) { return .bad(.unmappedState) }
        return isScaled ? scaled(Double(raw), exponent) : banded(.int(raw), Double(raw))
    }

    private func float(_ raw: Float, _ exponent: Int) -> Decoded {
        guard raw.isFinite else { return .bad(.sensorFault) }
        if let states, !states.contains(Int64(exactly: raw)) { return .bad(.unmappedState) }
        guard isScaled else { return banded(.float(raw), Double(raw)) }
        let value = Float(scale.value(meantDecimal(raw), exponent: exponent))
        return value.isFinite ? banded(.float(value), Double(value)) : .bad(.decodeError)
    }

    private func double(_ raw: Double, _ exponent: Int) -> Decoded {
        guard raw.isFinite else { return .bad(.sensorFault) }
        if let states, !states.contains(Int64(exactly: raw)) { return .bad(.unmappedState) }
        return isScaled ? scaled(raw, exponent) : banded(.double(raw), raw)
    }

    private func scaled(_ raw: Double, _ exponent: Int) -> Decoded {
        let value = scale.value(raw, exponent: exponent)
        return value.isFinite ? banded(.double(value), value) : .bad(.decodeError)
    }

    private func banded(_ value: Value, _ number: Double) -> Decoded {
        let condition = bounds.condition(number)
        return Decoded(value: condition == .outOfLimits ? nil : value, condition: condition)
    }

    private func sentinel(_ bits: UInt64) -> Sentinel.Meaning? {
        sentinels.first { sentinel in
            switch sentinel.pattern {
            case .bits(let pattern):
                // A pattern wider than a bit field can only mean the whole register.
                pattern > form.ownMask ? pattern == bits : pattern == form.own(bits)
            case .notANumber:
                switch form {
                case .float32: Float(bitPattern: UInt32(truncatingIfNeeded: bits)).isNaN
                case .float64: Double(bitPattern: bits).isNaN
                default: false
                }
            }
        }?.meaning
    }

    private func atSentinel(_ meaning: Sentinel.Meaning, _ bits: UInt64, _ exponent: Int?) -> Decoded {
        guard meaning.condition.quality != .bad else { return .bad(meaning.condition) }
        if let limits, let end = dataType.value(nearest: meaning == .overRange ? limits.high : limits.low) {
            return Decoded(value: end, condition: meaning.condition)
        }
        if needsExponent && exponent == nil { return .bad(.decodeError) }
        let decoded = checked(bits, exponent ?? 0)
        return decoded.value == nil ? decoded : Decoded(value: decoded.value, condition: meaning.condition)
    }
}

extension WireType {
    /// How large a raw number can get, for ``LinearScale``.
    fileprivate var largestRaw: Double {
        guard let range = rawRange else { return 0x1p24 }
        return max(range.lowerBound.magnitude, range.upperBound)
    }
}

/// The raw numbers a state is known to have; those from 0 to 63, which are nearly all, as bits of one word.
private struct KnownStates: Hashable, Sendable {
    private var low: UInt64 = 0
    private var others: Set<Int64> = []

    init(_ numbers: some Sequence<Int64>) {
        for number in numbers {
            if (0...63).contains(number) { low |= 1 << UInt64(number) } else { others.insert(number) }
        }
    }

    /// `nil` stands for a number that is not whole or too large to be named.
    func contains(_ number: Int64?) -> Bool {
        guard let number else { return false }
        return (0...63).contains(number) ? low >> UInt64(number) & 1 != 0 : others.contains(number)
    }
}

/// The bands of a point with infinity where it has none, so that testing needs no optionals.
private struct Bounds: Hashable, Sendable {
    private let limits: ClosedRange<Double>
    private let range: ClosedRange<Double>

    init(_ point: Point) {
        // A Float is compared with the nearest Float, or 230.1 would lie above a limit of 230.1.
        func sides(_ band: Band?) -> ClosedRange<Double> {
            guard let band, band.low <= band.high else { return -.infinity ... .infinity }
            guard point.dataType == .float else { return band.low...band.high }
            return Double(Float(band.low))...Double(Float(band.high))
        }
        limits = sides(point.limits)
        range = sides(point.range)
    }

    func condition(_ number: Double) -> Condition {
        if number < limits.lowerBound || number > limits.upperBound { return .outOfLimits }
        return number < range.lowerBound || number > range.upperBound ? .outOfRange : .good
    }
}
