internal import KoppelCore

/// A robot arm: joints swing while it works and hold still while it rests, a speed is the change of its position, and
/// the currents follow.
struct RobotModel: PhysicalModel {
    let cycle: WorkCycle
    let seed: UInt64

    private struct Joint: Sendable {
        /// Of the position: its middle and how far it goes to each side.
        var middle: Double
        var reach: Double
        /// Seconds of work for one swing.
        var period: Double
        var phase: Double

        func position(_ work: Double) -> Double { middle + reach * sine(turns: work / period + phase) }

        /// The change of the position per second of work, 1 at its largest.
        func pace(_ work: Double) -> Double { cosine(turns: work / period + phase) }
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        guard point.kind == .measurement else { return nil }
        let cycle = cycle
        switch traits.group {
        case "joints", "tool", "axes", "axis": break
        case "electrical" where traits.quantity == .current:
            let isArm = traits.hasAny("arm", "robot", "total")
            let perBase = traits.perBase
            let noise = noise(traits)
            return .number { seconds in
                (isArm ? 0.5 + 1.6 * cycle.pace.value(seconds) : 0.25) * perBase + noise.value(seconds) * 0.02 * perBase
            }
        default: return nil
        }
        if traits.quantity == .temperature {
            let noise = noise(traits)
            return .number { 33 + 2 * noise.value($0) }
        }
        let joint = joint(point, traits)
        if traits.quantity == .current {
            // To hold, and to move.
            let perBase = traits.perBase
            return .number { seconds in
                let moving = joint.pace(cycle.work(seconds)).magnitude * cycle.pace.value(seconds)
                return (0.4 + 1.1 * moving) * perBase
            }
        }
        if traits.has("speed") {
            let size = speed(joint, point, traits)
            return .number { size * joint.pace(cycle.work($0)) * cycle.pace.value($0) }
        }
        return .number { joint.position(cycle.work($0)) }
    }

    /// The largest, in the unit of the signal.
    private func speed(_ joint: Joint, _ point: Point, _ traits: SignalTraits) -> Double {
        let perSecond = joint.reach * 2 * .pi / joint.period
        switch traits.unit {
        // The positions are in degrees.
        case "/min": return perSecond / 360 * 60
        case "mm/s", "m/s", "m/min": return perSecond / 1_000 * traits.perBase
        default: return SignalBand(point, exponent: 0).values.upperBound.magnitude
        }
    }

    /// A speed, a current and the position they belong to share the part of the name before the last word.
    private func joint(_ point: Point, _ traits: SignalTraits) -> Joint {
        let stem = traits.name.lastIndex(of: "-").map { traits.name[..<$0] } ?? traits.name[...]
        var numbers = SeededNumbers(seed: seed, name: stem)
        let period = Double.random(in: 8...20, using: &numbers)
        let phase = Double.random(in: 0...1, using: &numbers)
        var (middle, reach) = (Double.random(in: -60...60, using: &numbers), 40.0)
        let hasOwnBand = point.range != nil || point.limits != nil
        if !traits.has("speed"), traits.quantity != .angle || hasOwnBand {
            let band = SignalBand(point, exponent: 0).values
            (middle, reach) = ((band.lowerBound + band.upperBound) / 2, (band.upperBound - band.lowerBound) / 2)
        }
        return Joint(middle: middle, reach: reach, period: period, phase: phase)
    }

    private func noise(_ traits: SignalTraits) -> Wave {
        var numbers = SeededNumbers(seed: seed, name: traits.name)
        return Wave(
            mean: 0, amplitude: 1, period: Double.random(in: 200...400, using: &numbers),
            phase: Double.random(in: 0...1, using: &numbers))
    }
}
