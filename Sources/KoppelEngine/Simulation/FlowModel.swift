internal import KoppelCore

/// A stream of water or compressed air through a pipe: volume is the integral of flow, mass and velocity follow from
/// it, and nothing flows back.
struct FlowModel: PhysicalModel {
    private let isAir: Bool
    /// m3/h, with its ripple.
    private let flow: [Wave]
    private let pressure: Wave
    private let temperature: Wave
    /// m3 on the meter before the simulation began.
    private let before: Double
    static let groups: Set<String> = ["flow", "air", "water", "gas", "steam"]

    init(seed: UInt64, groups: Set<String>) {
        isAir = groups.contains("air") || groups.contains("gas")
        var numbers = SeededNumbers(seed: seed, name: "flow")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        let mean = isAir ? random(90...140) : random(8...14)
        flow = [
            Wave(mean: mean, amplitude: mean * 0.35, period: random(150...300), phase: random(0...1)),
            Wave(mean: 0, amplitude: mean * 0.08, period: random(11...19), phase: random(0...1)),
        ]
        pressure = Wave(mean: isAir ? 7 : 3.2, amplitude: 0.25, period: random(60...90), phase: random(0...1))
        temperature = Wave(mean: isAir ? 24 : 14, amplitude: 0.8, period: random(400...700), phase: random(0...1))
        before = (mean * random(300...900)).rounded()
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        guard FlowModel.groups.contains(traits.group), point.enumeration.isEmpty else { return nil }
        let (flow, before, perBase) = (flow, before, traits.perBase)
        let isBack = traits.hasAny("reverse", "negative", "backward")
        @Sendable func cubicMetresAnHour(_ seconds: Double) -> Double {
            isBack ? 0 : flow.reduce(0) { $0 + $1.value(seconds) }
        }
        @Sendable func cubicMetres(_ seconds: Double) -> Double {
            isBack ? 12 : before + flow.reduce(0) { $0 + $1.integral(seconds) } / 3_600
        }
        // kg in a cubic metre.
        let density = isAir ? 1.2 : 998
        switch traits.quantity {
        case .volumeFlow: return .number { cubicMetresAnHour($0) * perBase }
        case .massFlow: return .number { cubicMetresAnHour($0) * density * perBase }
        // A pipe with an inner width of 80 mm.
        case .velocity: return .number { cubicMetresAnHour($0) / 3_600 / 0.005027 * perBase }
        case .volume: return .number { cubicMetres($0) * perBase }
        case .number where traits.hasAny("counter", "total", "totaliser"): return .number { cubicMetres($0) }
        case .mass: return .number { cubicMetres($0) * density * perBase }
        case .pressure: return .wave(pressure.times(perBase))
        case .temperature: return .wave(temperature)
        default: return nil
        }
    }
}
