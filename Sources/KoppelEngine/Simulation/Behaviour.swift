internal import KoppelCore

/// How one simulated signal moves: a function of the seconds since the simulation began, and of nothing else.
enum Behaviour: Sendable {
    /// In the unit of the signal.
    case number(@Sendable (Double) -> Double)
    /// As it stands in the register: a bit, or a key of an enumeration.
    case raw(@Sendable (Double) -> Int64)
    case fixed(Value)

    static func constant(_ number: Double) -> Behaviour { .fixed(.double(number)) }

    static func wave(_ wave: Wave) -> Behaviour { .number { wave.value($0) } }
}

/// Part of a machine that obeys laws of its own.
protocol PhysicalModel: Sendable {
    /// How a signal moves; `nil` if this model knows nothing of it.
    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour?
}
