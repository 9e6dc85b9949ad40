/// How much a match says, in bits: how unlikely random registers are to hit the band in this way, less how rarely the
/// way is met in the field.
struct RegisterLikelihood {
    let expected: Band

    func score(_ match: RegisterIdentification.Match) -> Double {
        let wrong = Double(match.values.count - match.hits) / Double(match.values.count)
        var score = evidence(match) - rarity(match.candidate) - 6 * wrong
        // A measurement moves a little; bytes in the wrong order jump about, and stuck words do not move at all.
        let spread = (match.values.max() ?? 0) - (match.values.min() ?? 0)
        if spread > 0, spread < (expected.high - expected.low) / 2 { score += 3 }
        return score
    }

    private func evidence(_ match: RegisterIdentification.Match) -> Double {
        let candidate = match.candidate
        // All zeros is what an unused register holds, and zero in every type.
        if match.words.allSatisfy({ $0 == 0 }) { return 0 }
        let low = expected.low / candidate.scale
        let high = expected.high / candidate.scale
        let part: Double
        switch candidate.wire {
        case .float32: part = (exponentPlace(high, 126) - exponentPlace(low, 126)) / (2 * 254)
        case .float64: part = (exponentPlace(high, 1_022) - exponentPlace(low, 1_022)) / (2 * 2_046)
        default:
            // Small numbers are more frequent than large ones, so whole numbers are taken as evenly spread over their
            // logarithm. A wide type that holds a small number says no more than a narrow one.
            let largest = max(candidate.wire.usualLargest, min(candidate.wire.largestRaw, high))
            let sides = low < 0 ? 2.0 : 1
            part = (wholePlace(min(high, largest)) - wholePlace(max(low, -largest))) / (sides * wholePlace(largest))
        }
        // Even a band without width is hit by one raw number.
        var bits = -binaryLogarithm(min(1, max(part, 1e-6)))
        if case .bcd(let registers) = candidate.wire, match.words.contains(where: { $0 > 9 }) {
            // Each digit could have been above 9.
            bits += 0.68 * Double(min(registers, 2) * 2)
        }
        return min(bits, 16)
    }

    private func exponentPlace(_ value: Double, _ bias: Double) -> Double {
        value == 0 ? 0 : max(0, binaryLogarithm(value.magnitude) + bias) * (value < 0 ? -1 : 1)
    }

    private func wholePlace(_ value: Double) -> Double {
        binaryLogarithm(1 + value.magnitude) * (value < 0 ? -1 : 1)
    }

    private func rarity(_ candidate: RegisterCandidate) -> Double {
        let type: Double =
            switch candidate.wire {
            case .uint16, .float32: 0
            case .int16: 0.25
            case .uint32: 0.5
            case .int32: 0.75
            case .uint64, .int64, .float64: 1.5
            case .bcd: 2.5
            default: 3
            }
        let order = candidate.order
        // Words or halves the other way round are common, all bytes reversed less so, everything else is rare.
        let isReversed =
            order.words == (candidate.wire.registers > 1) && order.doubleWords == (candidate.wire.registers == 4)
        let orderBits: Double =
            if order == .specification {
                0
            } else if order.bytes {
                isReversed ? 2 : 3
            } else {
                isReversed || !order.words ? 1 : 2.5
            }
        let scales: [Int: Double] = [0: 0, -1: 0.5, -2: 1, -3: 1.25]
        let scale = scales[candidate.exponent] ?? 2
        return type + orderBits + scale
    }

    /// Near enough: exact at powers of two, a straight line between them. This module has no library.
    private func binaryLogarithm(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        return Double(value.exponent) + value.significand - 1
    }
}

extension WireType {
    /// The size that whole numbers of this type mostly stay below.
    fileprivate var usualLargest: Double {
        switch self {
        case .int8, .uint8: 255
        case .bcd(registers: 1): 9_999
        default: 65_535
        }
    }
}
