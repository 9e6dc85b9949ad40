/// A slow sine, with its exact integral, so that a simulated energy never runs backwards.
struct Wave: Sendable {
    var mean: Double
    var amplitude: Double
    /// Seconds, above 0.
    var period: Double
    /// In turns, 0 to 1.
    var phase: Double

    func value(_ seconds: Double) -> Double { mean + amplitude * sine(turns: seconds / period + phase) }

    /// From second 0 on.
    func integral(_ seconds: Double) -> Double {
        let swing = cosine(turns: phase) - cosine(turns: seconds / period + phase)
        return mean * seconds + amplitude * period / (2 * .pi) * swing
    }
}

func cosine(turns: Double) -> Double { sine(turns: turns + 0.25) }

/// The sine of a number of full turns, to 11 places. Written out, since the engine uses no C library and a simulation
/// has to give the same words on each machine.
func sine(turns: Double) -> Double {
    var part = turns - turns.rounded()
    if part > 0.25 { part = 0.5 - part } else if part < -0.25 { part = -0.5 - part }
    let angle = 2 * .pi * part
    let square = angle * angle
    var term = angle
    var sum = angle
    for step in stride(from: 2.0, through: 18, by: 2) {
        term *= -square / (step * (step + 1))
        sum += term
    }
    return sum
}

/// Numbers that depend on a seed and a name only (FNV-1a, then SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, name: some StringProtocol) {
        state = name.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
