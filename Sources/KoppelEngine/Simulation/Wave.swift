/// A slow sine, with its exact integral, so that a simulated energy never runs backwards.
struct Wave: Sendable {
    var mean: Double
    var amplitude: Double
    /// Seconds, above 0.
    var period: Double
    /// In turns, 0 to 1.
    var phase: Double

    func value(_ seconds: Double) -> Double { mean + amplitude * sine(turns: seconds / period + phase) }

    func times(_ factor: Double) -> Wave {
        Wave(mean: mean * factor, amplitude: amplitude * factor, period: period, phase: phase)
    }

    func raised(by amount: Double) -> Wave {
        Wave(mean: mean + amount, amplitude: amplitude, period: period, phase: phase)
    }

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
