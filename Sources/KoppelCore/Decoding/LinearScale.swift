/// A ``Scaling`` made ready for use: `value = (raw * factor + shift) / divisor`.
///
/// Where scale and offset are short decimals, all three are whole numbers. Then product and sum are exact, the one
/// division rounds once, and the value is the Double nearest to the true decimal: 3 at scale 0.2 gives 0.6 and not
/// 0.6000000000000001.
struct LinearScale: Hashable, Sendable {
    let factor: Double
    let shift: Double
    let divisor: Double

    /// `largestRaw` is the largest size a raw number can have; exactness ends where products pass 2^53.
    init(_ scaling: Scaling, largestRaw: Double) {
        var power = 1.0
        for _ in 0...12 {
            let factor = (scaling.numerator * power).rounded()
            let divisor = scaling.denominator * power
            let shift = (scaling.offset * divisor).rounded()
            if factor / power == scaling.numerator, shift / divisor == scaling.offset, divisor <= 1e15,
                largestRaw * factor.magnitude + shift.magnitude <= 0x1p53
            {
                self.factor = factor
                self.shift = shift
                self.divisor = divisor
                return
            }
            power *= 10
        }
        factor = scaling.numerator
        shift = scaling.offset * scaling.denominator
        divisor = scaling.denominator
    }

    var isIdentity: Bool { factor == 1 && shift == 0 && divisor == 1 }

    /// `exponent` is the power of ten of the scale register, -10 to 10.
    func value(_ raw: Double, exponent: Int) -> Double {
        let sum = raw * factor + shift
        if exponent == 0 { return sum / divisor }
        return exponent > 0 ? sum * powerOfTen(exponent) / divisor : sum / (divisor * powerOfTen(-exponent))
    }

    /// The inverse of ``value(_:exponent:)``, not yet rounded to a whole number.
    func raw(_ value: Double, exponent: Int) -> Double {
        let unscaled = exponent > 0 ? value / powerOfTen(exponent) : value * powerOfTen(-exponent)
        return (unscaled * divisor - shift) / factor
    }
}

/// 10 to the power of 0 to 22, exact.
func powerOfTen(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<exponent { power *= 10 }
    return power
}

/// The number a Float was meant to be: the decimal with the fewest places that reads back as the same Float.
///
/// Float 231.4 is 231.39999389648438 as a Double; calculating with that would let the error show, as in
/// 0.23139999 for 231.4 at scale 0.001. Numbers below a billionth are taken as they are.
func meantDecimal(_ float: Float) -> Double {
    let number = Double(float)
    guard number.magnitude < 0x1p24 else { return number }
    var power = 1.0
    for _ in 0...9 {
        let candidate = (number * power).rounded() / power
        if Float(candidate) == float { return candidate }
        power *= 10
    }
    return number
}
