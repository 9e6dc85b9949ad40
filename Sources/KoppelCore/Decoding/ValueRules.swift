/// What a point's profile says beyond its type: sentinels, known states, scale, limits and range.
final class ValueRules: Sendable {
    let needsExponent: Bool
    private let sentinels: [Sentinel]
    private let states: KnownStates?
    private let dataType: DataType
    private let isScaled: Bool
    private let scale: LinearScale
    private let limits: Band?
    private let bounds: Bounds

    /// `nil` if the raw number is the value and any value is good.
    init?(_ point: Point) {
        needsExponent = point.scaleRegister != nil
        sentinels = point.sentinels
        states = point.kind == .state && !point.enumeration.isEmpty ? KnownStates(point.enumeration.keys) : nil
        dataType = point.dataType
        scale = LinearScale(point.scaling, largestRaw: point.wire.largestRaw)
        isScaled = needsExponent || !scale.isIdentity || (point.dataType == .double && point.wire != .float64)
        limits = point.limits
        bounds = Bounds(point)
        let isPlain = sentinels.isEmpty && states == nil && !isScaled && point.limits == nil && point.range == nil
        if isPlain { return nil }
    }

    /// `bits` are in the order of the specification.
    func decode(_ bits: UInt64, as form: WireForm, exponent: Int?) -> Decoded {
        if !sentinels.isEmpty, let meaning = sentinel(bits, form) { return atSentinel(meaning, bits, form, exponent) }
        if needsExponent && exponent == nil { return .bad(.decodeError) }
        return value(form.number(bits), exponent ?? 0)
    }

    private func value(_ number: RawNumber, _ exponent: Int) -> Decoded {
        if let states, number != .invalid, number.isFinite, !states.contains(number.whole) {
            return .bad(.unmappedState)
        }
        switch number {
        case .bool(let truth): return Decoded(value: .bool(truth), condition: .good)
        case .unsigned(let raw): return isScaled ? scaled(Double(raw), exponent) : banded(.uint(raw), Double(raw))
        case .signed(let raw): return isScaled ? scaled(Double(raw), exponent) : banded(.int(raw), Double(raw))
        case .float(let raw):
            guard raw.isFinite else { return .bad(.sensorFault) }
            guard isScaled else { return banded(.float(raw), Double(raw)) }
            let value = Float(scale.value(meantDecimal(raw), exponent: exponent))
            return value.isFinite ? banded(.float(value), Double(value)) : .bad(.decodeError)
        case .double(let raw):
            guard raw.isFinite else { return .bad(.sensorFault) }
            return isScaled ? scaled(raw, exponent) : banded(.double(raw), raw)
        case .invalid: return .bad(.decodeError)
        }
    }

    private func scaled(_ raw: Double, _ exponent: Int) -> Decoded {
        let value = scale.value(raw, exponent: exponent)
        return value.isFinite ? banded(.double(value), value) : .bad(.decodeError)
    }

    private func banded(_ value: Value, _ number: Double) -> Decoded {
        let condition = bounds.condition(number)
        return Decoded(value: condition == .outOfLimits ? nil : value, condition: condition)
    }

    private func sentinel(_ bits: UInt64, _ form: WireForm) -> Sentinel.Meaning? {
        for sentinel in sentinels {
            let matches =
                switch sentinel.pattern {
                case .bits(let pattern): pattern == form.own(bits)
                case .register(let pattern): pattern == bits
                case .notANumber: form.number(bits).isNotANumber
                }
            if matches { return sentinel.meaning }
        }
        return nil
    }

    private func atSentinel(
        _ meaning: Sentinel.Meaning, _ bits: UInt64, _ form: WireForm, _ exponent: Int?
    ) -> Decoded {
        guard meaning.condition.quality != .bad else { return .bad(meaning.condition) }
        if let limits, let end = dataType.value(nearest: meaning == .overRange ? limits.high : limits.low) {
            return Decoded(value: end, condition: meaning.condition)
        }
        if needsExponent && exponent == nil { return .bad(.decodeError) }
        let decoded = value(form.number(bits), exponent ?? 0)
        return decoded.value == nil ? decoded : Decoded(value: decoded.value, condition: meaning.condition)
    }
}

/// The raw numbers a state is known to have; those from 0 to 63, which are nearly all, as bits of one word.
private struct KnownStates: Sendable {
    private var low: UInt64 = 0
    private var others: Set<Int64> = []

    init(_ numbers: some Sequence<Int64>) {
        for number in numbers {
            if (0...63).contains(number) { low |= 1 << UInt64(number) } else { others.insert(number) }
        }
    }

    /// `nil` stands for a number that is not whole, or too large to be named.
    func contains(_ number: Int64?) -> Bool {
        guard let number else { return false }
        return (0...63).contains(number) ? low >> UInt64(number) & 1 != 0 : others.contains(number)
    }
}

/// The bands of a point with infinity where it has none, so that testing needs no optionals.
private struct Bounds: Sendable {
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
