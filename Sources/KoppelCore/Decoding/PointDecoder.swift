/// Decodes one point from raw words. Made once per point; decoding a number allocates nothing.
///
/// The order of the steps is part of the contract: byte and word order, then sentinels on the raw bits, then the
/// number, then scale and offset, then the bands (field rules P37, P41, P50). A word of a coil or discrete input is
/// 0 or 1.
///
/// An over-range or under-range sentinel is uncertain and shows the end of the point's limits, since that is what the
/// sensor says: at this end or beyond. A point without limits shows the number the pattern stands for.
package struct PointDecoder: Sendable {
    let reader: WireReader
    /// `nil` if the raw number is the value and any value is good.
    let rules: ValueRules?

    /// The powers of ten that a scale register may hold: those of a SunSpec `sunssf`. Another number is no scale.
    package static let exponents = -10...10

    /// Any point can be given; one that no register can hold decodes to bad, `config-error`.
    package init(_ point: Point) {
        reader = WireReader(point)
        rules = ValueRules(point)
    }

    /// How many words one value takes.
    package var registers: Int { reader.registers }

    /// True if the value needs the power of ten of a scale register.
    package var needsExponent: Bool { rules?.needsExponent ?? false }

    /// The value of the words from `offset` on.
    ///
    /// - Parameters:
    ///   - words: An answer, or a part of one.
    ///   - offset: Where the point's first register lies in it. Words that are not there give `decode-error`.
    ///   - exponent: What the scale register says, -10 to 10; without it a point that needs one gives `decode-error`.
    /// - Returns: A value, or a bad condition; never a zero for something that was not read (field rule P40).
    package func decode(_ words: Span<UInt16>, at offset: Int = 0, exponent: Int? = nil) -> Decoded {
        guard let rules else { return reader.plain(words, at: offset) }
        return reader.ruled(words, at: offset, rules, exponent: exponent)
    }
}
