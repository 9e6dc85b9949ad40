internal import KoppelCore

/// Which power of ten each scale register holds: the finest that lets all its values fit.
struct ScaleExponents {
    private(set) var chosen: [SignalName: Int] = [:]

    init(_ points: [Point], physics: DevicePhysics) {
        let users = Dictionary(grouping: points.filter { $0.scaleRegister != nil }, by: { $0.scaleRegister })
        for scale in points {
            guard let values = users[scale.signal] else { continue }
            let encoder = PointEncoder(scale)
            let fitting = (-3...6).filter { exponent in
                let decoded = ScaleExponents.decoded(exponent, scale, encoder)
                return decoded?.condition == .good && decoded?.value?.number == Double(exponent)
            }
            let sizes = values.map { ScaleExponents.size($0, physics) }
            chosen[scale.signal] =
                fitting.first { exponent in
                    zip(values, sizes).allSatisfy { ScaleExponents.fits($0, size: $1, exponent) }
                } ?? fitting.last
        }
    }

    private static func decoded(_ exponent: Int, _ scale: Point, _ encoder: PointEncoder) -> Decoded? {
        guard let value = scale.dataType.value(nearest: Double(exponent)) else { return nil }
        do throws(PointEncodingError) {
            let words = try encoder.encode(value)
            return PointDecoder(scale).decode(words.span)
        } catch {
            return nil
        }
    }

    /// The largest the signal gets, with room.
    private static func size(_ point: Point, _ physics: DevicePhysics) -> Double {
        let moments = stride(from: 0.0, to: 3_600, by: 100)
        return switch physics.candidates(point, exponent: 0).first {
        case .number(let number): 1.3 * moments.reduce(0) { max($0, number($1).magnitude) }
        case .fixed(let value): value.number?.magnitude ?? 0
        default: 0
        }
    }

    private static func fits(_ point: Point, size: Double, _ exponent: Int) -> Bool {
        guard let raw = point.wire.rawRange else { return true }
        let power = (0..<abs(exponent)).reduce(1.0) { power, _ in exponent > 0 ? power * 10 : power / 10 }
        let counts = size / power * point.scaling.denominator / point.scaling.numerator.magnitude
        // A counter would soon be through with its register if its steps were too fine.
        return counts <= raw.upperBound * 0.9 && (point.kind != .counter || exponent >= 0)
    }
}
