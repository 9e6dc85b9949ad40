internal import KoppelCore

/// Which power of ten each scale register holds: the finest that lets all its values fit.
struct ScaleExponents {
    private(set) var chosen: [SignalName: Int] = [:]

    init(_ points: [Point], load: ThreePhaseLoad, grid: SimulatedDevice.Grid?) {
        let users = Dictionary(grouping: points.filter { $0.scaleRegister != nil }, by: { $0.scaleRegister })
        for scale in points {
            guard let values = users[scale.signal] else { continue }
            let encoder = PointEncoder(scale)
            let fitting = (-3...6).filter { exponent in
                let decoded = ScaleExponents.decoded(exponent, scale, encoder)
                return decoded?.condition == .good && decoded?.value?.number == Double(exponent)
            }
            chosen[scale.signal] =
                fitting.first { exponent in values.allSatisfy { fits($0, exponent, load, grid) } } ?? fitting.last
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

    private func fits(
        _ point: Point, _ exponent: Int, _ load: ThreePhaseLoad, _ grid: SimulatedDevice.Grid?
    ) -> Bool {
        guard let raw = point.wire.rawRange else { return true }
        let size =
            grid.flatMap { ElectricalSignal(point, isSinglePhase: $0 == .singlePhase) }
            .map { $0.value(load, 0).magnitude * 2 } ?? SignalBand(point, exponent: 0).values.upperBound.magnitude
        let power = (0..<abs(exponent)).reduce(1.0) { power, _ in exponent > 0 ? power * 10 : power / 10 }
        let counts = size / power * point.scaling.denominator / point.scaling.numerator.magnitude
        // A counter would soon be through with its register if its steps were too fine.
        return counts <= raw.upperBound * 0.9 && (point.kind != .counter || exponent >= 0)
    }
}
