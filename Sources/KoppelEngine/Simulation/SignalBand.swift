internal import KoppelCore

/// Where a signal about moves if nothing else is known of it.
struct SignalBand {
    let values: ClosedRange<Double>

    /// The middle of the normal range; else of the limits; else what is usual for the unit: always within what the
    /// registers can show.
    init(_ point: Point, exponent: Int) {
        if let range = point.range, range.low <= range.high {
            values = SignalBand.inner(range.low...range.high, 0.2, 0.8)
            return
        }
        if let limits = point.limits, limits.low <= limits.high {
            values = SignalBand.inner(limits.low...limits.high, 0.3, 0.6)
            return
        }
        let usual = SignalBand.usual(point)
        guard let raw = point.wire.rawRange else {
            values = usual
            return
        }
        let power = (0..<abs(exponent)).reduce(1.0) { size, _ in exponent > 0 ? size * 10 : size / 10 }
        let ends = [raw.lowerBound, raw.upperBound].map {
            ($0 * point.scaling.numerator / point.scaling.denominator + point.scaling.offset) * power
        }
        let possible = min(ends[0], ends[1])...max(ends[0], ends[1])
        values = possible.overlaps(usual) ? usual.clamped(to: possible) : SignalBand.inner(possible, 0.3, 0.6)
    }

    private static func inner(_ band: ClosedRange<Double>, _ from: Double, _ to: Double) -> ClosedRange<Double> {
        let width = band.upperBound - band.lowerBound
        return (band.lowerBound + from * width)...(band.lowerBound + to * width)
    }

    private static func usual(_ point: Point) -> ClosedRange<Double> {
        let name = point.signal.description
        if name.contains("thd") || name.contains("unbalance") { return 1.5...4 }
        if name.contains("humidity") { return 42...55 }
        if name.contains("speed") && point.unit?.ucum != "/min" { return -20...20 }
        let isRoom = name.contains("environment") || name.contains("ambient") || name.contains("external")
        return switch point.unit?.ucum {
        case "V": 220...235
        case "A": 2...8
        case "mA": 800...2_500
        case "W", "V.A", "V.A{reactive}": 500...2_000
        case "kW", "kV.A", "kV.A{reactive}": 0.5...2
        case "Hz": 40...50
        case "Cel": isRoom ? 19.5...22.5 : 34...38
        case "K": isRoom ? 293...296 : 307...311
        case "bar": 5.5...7
        case "/min": 1_200...1_480
        case "%": 30...70
        case "deg": 10...170
        case "mm": 100...600
        case "[pH]": 6.5...7.5
        case "{#}": 1...4
        default: 20...80
        }
    }
}
