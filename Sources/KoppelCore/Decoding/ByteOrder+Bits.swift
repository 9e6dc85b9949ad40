extension ByteOrder {
    /// Changes bits between the order on the wire and most significant first. It is its own inverse, so reading and
    /// writing cannot disagree (field rule P38).
    ///
    /// `bits` are the registers as they came, the first one in the highest place, and `registers` is 1, 2 or 4: words
    /// change places from 2 on, halves only at 4.
    func reordered(_ bits: UInt64, registers: Int) -> UInt64 {
        var bits = bits
        if bytes { bits = (bits & 0x00FF_00FF_00FF_00FF) << 8 | (bits >> 8) & 0x00FF_00FF_00FF_00FF }
        if words, registers >= 2 { bits = (bits & 0x0000_FFFF_0000_FFFF) << 16 | (bits >> 16) & 0x0000_FFFF_0000_FFFF }
        if doubleWords, registers == 4 { bits = bits << 32 | bits >> 32 }
        return bits
    }
}

/// Joins 1, 2 or 4 registers, the first one in the highest place.
func joined(_ words: Span<UInt16>, at offset: Int, registers: Int) -> UInt64 {
    switch registers {
    case 1: UInt64(words[offset])
    case 2: UInt64(words[offset]) << 16 | UInt64(words[offset + 1])
    default:
        UInt64(words[offset]) << 48 | UInt64(words[offset + 1]) << 32 | UInt64(words[offset + 2]) << 16
            | UInt64(words[offset + 3])
    }
}

/// The inverse of ``joined(_:at:registers:)``.
func split(_ bits: UInt64, registers: Int) -> [UInt16] {
    (0..<registers).map { UInt16(truncatingIfNeeded: bits >> (16 * (registers - 1 - $0))) }
}
