/// How numbers are written (data model 3.4): whole numbers without a fraction, others as the shortest decimal that
/// reads back as the same number, 64-bit integers beyond ±(2^53 - 1) as decimal strings.
extension JSONWriter {
    /// The largest whole number that every JSON reader holds exactly: 2^53 - 1.
    static var largestExactInteger: UInt64 { 9_007_199_254_740_991 }

    /// Writes a whole number as a number, however large. For counts and codes, which are small.
    @inline(__always)
    mutating func unsigned(_ value: UInt64) {
        reserve(24)
        if value < 100_000_000 {
            cursor = Digits.write(UInt32(truncatingIfNeeded: value), at: cursor)
        } else {
            cursor = Digits.writeLong(value, at: cursor)
        }
    }

    /// Writes the value of a signal: as a number if every reader can hold it, else as a decimal string.
    @inline(__always)
    mutating func integer(_ value: UInt64) {
        guard value > JSONWriter.largestExactInteger else { return unsigned(value) }
        byte(UInt8(ascii: "\""))
        unsigned(value)
        byte(UInt8(ascii: "\""))
    }

    /// Writes the value of a signal: as a number if every reader can hold it, else as a decimal string.
    @inline(__always)
    mutating func integer(_ value: Int64) {
        let size = value.magnitude
        let isLarge = size > JSONWriter.largestExactInteger
        if isLarge { byte(UInt8(ascii: "\"")) }
        if value < 0 { byte(UInt8(ascii: "-")) }
        unsigned(size)
        if isLarge { byte(UInt8(ascii: "\"")) }
    }

    /// Writes the shortest decimal that reads back as the same Float.
    ///
    /// The value must be finite: JSON has no other numbers, and the dialect turns them into bad quality before.
    @inline(__always)
    mutating func number(_ value: Float) {
        precondition(value.isFinite, "A number that is not finite has no JSON form; its reading has to be bad.")
        let size = Double(value.magnitude)
        guard size >= 0.001, size < 16_777_216 else { return rare(value) }
        reserve(32)
        if value < 0 { byte(UInt8(ascii: "-")) }
        let whole = UInt32(size)
        guard Double(whole) != size else {
            cursor = Digits.write(whole, at: cursor)
            return
        }
        // A decimal reads back as this Float if it lies nearer than half the distance to the next Float. For up to
        // ten places, product and difference are exact in a Double: 24 bits times 24 bits (10^10 is 5^10 * 2^10).
        // A whole power of two has a nearer neighbour below, so it takes the slow way, where it is not whole.
        guard value.significandBitPattern != 0 else { return described(value.magnitude) }
        let half = Double(value.magnitude.ulp) * 0.5
        // Decimals nest, so where three places are too few, one and two are. Measured floats need five or six, set
        // ones mostly one.
        let thousands = size * 1_000
        let needsMore = abs(thousands - Double(UInt64(thousands + 0.5))) >= half * 1_000
        var power = needsMore ? 10_000.0 : 10.0
        for places in (needsMore ? 4 : 1)...8 {
            let scaled = size * power
            let nearest = UInt64(scaled + 0.5)
            if abs(scaled - Double(nearest)) < half * power {
                cursor = Digits.writeFixed(nearest, places: places, at: cursor)
                return
            }
            power *= 10
        }
        described(value.magnitude)
    }

    /// Writes the shortest decimal that reads back as the same Double.
    ///
    /// The value must be finite: JSON has no other numbers, and the dialect turns them into bad quality before.
    @inline(__always)
    mutating func number(_ value: Double) {
        precondition(value.isFinite, "A number that is not finite has no JSON form; its reading has to be bad.")
        let size = value.magnitude
        guard size >= 0.001, size < 9_007_199_254_740_992 else { return rare(value) }
        reserve(32)
        if value < 0 { byte(UInt8(ascii: "-")) }
        let whole = UInt64(size)
        guard Double(whole) != size else { return unsigned(whole) }
        // Most values are a raw integer over a power of ten. Both are exact in a Double, so a quotient that equals
        // the value is what a reader of that decimal gets; below 10^15 no other decimal as short does.
        var power = 10.0
        for places in 1...6 {
            let scaled = size * power
            guard scaled < 1e15 else { break }
            let nearest = UInt64(scaled + 0.5)
            if Double(nearest) / power == size {
                cursor = Digits.writeFixed(nearest, places: places, at: cursor)
                return
            }
            power *= 10
        }
        described(size)
    }

    /// Zero, and what is very small or very large.
    @inline(never)
    private mutating func rare(_ value: some BinaryFloatingPoint & CustomStringConvertible) {
        guard value != 0 else { return byte(UInt8(ascii: "0")) }
        described(value)
    }

    /// Swift's own shortest form, which JSON takes as it is, without the ".0" of a whole number.
    @inline(never)
    private mutating func described(_ value: some CustomStringConvertible) {
        var text = value.description
        text.withUTF8 { digits in
            let isWhole =
                digits.count > 2 && digits[digits.count - 1] == UInt8(ascii: "0")
                && digits[digits.count - 2] == UInt8(ascii: ".")
            let size = isWhole ? digits.count - 2 : digits.count
            guard let first = digits.baseAddress else { return }
            reserve(size)
            cursor.update(from: first, count: size)
            cursor += size
        }
    }
}
