/// Why a value cannot be put into a point's registers.
package struct PointEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Problem: String, Hashable, Sendable {
        case kind = "the value is of another kind than the point. Give a number, a truth or a text as its type asks"
        case size = "the value does not fit into the registers. Give a smaller one, or change the scale"
        case point = "no register can hold this type. Correct its bit, width or length in the profile"
    }

    package var signal: SignalName
    package var value: Value
    package var problem: Problem

    package var description: String { "\(signal): \(value): \(problem.rawValue)" }
}

/// Encodes one point into raw words: the inverse of ``PointDecoder``, on the same tables (field rule P38).
package struct PointEncoder: Sendable {
    private let point: Point
    private let form: WireForm
    private let scale: LinearScale
    /// The bits of the point's first register that belong to it; the others are some other point's.
    package let mask: UInt16

    package init(_ point: Point) {
        self.point = point
        form = WireForm(point.wire)
        scale = LinearScale(point.scaling, largestRaw: point.wire.largestRaw)
        let bits: UInt64 =
            switch form {
            case .field(let lsb, _), .int8(let lsb), .bit(let lsb): form.ownMask << UInt64(lsb)
            default: 0xFFFF
            }
        mask = UInt16(truncatingIfNeeded: point.order.reordered(bits, registers: 1))
    }

    /// The words of a value, exactly as many as the point has registers; bits outside ``mask`` are 0.
    ///
    /// `exponent` is what the scale register says, -10 to 10. Digits below the scale are rounded away. A value of
    /// another kind than the point, or too large for it, is refused.
    package func encode(_ value: Value, exponent: Int = 0) throws(PointEncodingError) -> [UInt16] {
        if case .text(let layout) = form {
            guard case .text(let text) = value else { throw error(.kind, value) }
            guard let words = layout.words(text, registers: point.wire.registers) else { throw error(.size, value) }
            return words
        }
        let bits = try bits(value, exponent)
        return split(
            point.order.reordered(bits, registers: point.wire.registers), registers: point.wire.registers)
    }

    private func bits(_ value: Value, _ exponent: Int) throws(PointEncodingError) -> UInt64 {
        switch form {
        case .bool, .bit:
            guard case .bool(let truth) = value else { throw error(.kind, value) }
            guard truth else { return 0 }
            return if case .bit(let bit) = form { 1 << UInt64(bit) } else { 1 }
        case .field(let lsb, let mask):
            let raw = try whole(value, exponent, as: UInt64.self)
            guard raw <= mask else { throw error(.size, value) }
            return raw << UInt64(lsb)
        case .unsigned:
            let raw = try whole(value, exponent, as: UInt64.self)
            guard point.wire == .uint64 || raw <= UInt32.max else { throw error(.size, value) }
            return raw
        case .int8(let lsb): return try UInt64(UInt8(bitPattern: whole(value, exponent, as: Int8.self))) << UInt64(lsb)
        case .int16: return try UInt64(UInt16(bitPattern: whole(value, exponent, as: Int16.self)))
        case .int32: return try UInt64(UInt32(bitPattern: whole(value, exponent, as: Int32.self)))
        case .int64: return try UInt64(bitPattern: whole(value, exponent, as: Int64.self))
        case .float32:
            let raw = Float(try real(value, exponent))
            guard raw.isFinite else { throw error(.size, value) }
            return UInt64(raw.bitPattern)
        case .float64: return try real(value, exponent).bitPattern
        case .bcd:
            let raw = try whole(value, exponent, as: UInt64.self)
            guard Double(raw) <= powerOfTen(4 * point.wire.registers) - 1 else { throw error(.size, value) }
            return BinaryCodedDecimal.bits(raw)
        case .text, .unusable: throw error(.point, value)
        }
    }

    private func whole<Number: FixedWidthInteger>(
        _ value: Value, _ exponent: Int, as type: Number.Type
    ) throws(PointEncodingError) -> Number {
        let raw: Number? =
            switch value {
            case .int(let number) where scale.isIdentity && exponent == 0: Number(exactly: number)
            case .uint(let number) where scale.isIdentity && exponent == 0: Number(exactly: number)
            default: Number(exactly: try real(value, exponent).rounded())
            }
        guard let raw else { throw error(.size, value) }
        return raw
    }

    private func real(_ value: Value, _ exponent: Int) throws(PointEncodingError) -> Double {
        guard let number = value.number, number.isFinite else { throw error(.kind, value) }
        if scale.isIdentity && exponent == 0 { return number }
        if case .float(let float) = value { return scale.raw(meantDecimal(float), exponent: exponent) }
        return scale.raw(number, exponent: exponent)
    }

    private func error(_ problem: PointEncodingError.Problem, _ value: Value) -> PointEncodingError {
        PointEncodingError(signal: point.signal, value: value, problem: problem)
    }
}
