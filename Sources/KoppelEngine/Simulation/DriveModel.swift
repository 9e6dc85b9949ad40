internal import KoppelCore

/// A motor on a frequency converter, with a pump on its shaft if the device speaks of one: speed, torque, voltage,
/// current and power belong together, energy is the integral of power, volume that of flow, and hours count.
struct DriveModel: PhysicalModel {
    let cycle: WorkCycle
    /// `nil` if it drives something else.
    private let pump: Pump?
    /// W on the shaft at full speed and full torque.
    private let rated: Double
    /// Turns a minute at 50 Hz without load.
    private let turns: Double
    /// Hours it was under power before the simulation began.
    private let hoursBefore: Double
    private let wattHoursBefore: Double
    private let startsBefore: Double
    /// Degrees Celsius about which the electronics are.
    private let warmth: Wave
    private let ripple: Wave

    /// At full speed.
    private struct Pump: Sendable {
        /// m3/h.
        var flow: Double
        /// bar.
        var pressure: Double
        /// Of the power on the shaft, into the water.
        static let efficiency = 0.62
    }

    private static let motorEfficiency = 0.88
    private static let converterEfficiency = 0.96
    /// W that the electronics take, at rest too.
    private static let standby = 30.0
    /// Full torque is a constant part and one that grows with the square of the speed.
    private static let (friction, drag) = (0.25, 0.55)

    init(seed: UInt64, hasPump: Bool) {
        var numbers = SeededNumbers(seed: seed, name: "drive")
        func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &numbers) }
        cycle = WorkCycle(seed: seed, period: 90...150)
        pump = hasPump ? Pump(flow: random(9...14), pressure: random(0.7...1.1)) : nil
        // What the pump needs, or a usual size of a motor.
        rated =
            pump.map { $0.flow / 3_600 * $0.pressure * 1e5 / Pump.efficiency / (Self.friction + Self.drag) }
            ?? [2_200, 3_000, 4_000, 5_500][Int(random(0...3.99))]
        turns = hasPump ? 3_000 : 1_500
        hoursBefore = random(2_000...9_000)
        wattHoursBefore = random(200_000...2_000_000)
        startsBefore = random(300...4_000).rounded()
        warmth = Wave(mean: random(36...44), amplitude: 2, period: cycle.pace.period * 3, phase: random(0...1))
        ripple = Wave(mean: 0, amplitude: 2, period: random(7...13), phase: random(0...1))
    }

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        switch traits.group {
        case "drive", "motor", "spindle", "fan", "compressor": break
        case "pump": if let hydraulic = hydraulic(traits) { return hydraulic }
        case "electrical", "energy", "power": return electrical(traits)
        case "identity" where traits.has("rated") && traits.quantity == .activePower:
            return .constant(rated * traits.perBase)
        default: return nil
        }
        guard point.kind != .event else { return nil }
        let (cycle, rated, turns) = (cycle, rated, turns)
        let perBase = traits.perBase
        let isWanted = traits.hasAny("reference", "setpoint", "target", "command") || point.kind == .setpoint
        @Sendable func pace(_ seconds: Double) -> Double {
            isWanted ? cycle.target(seconds) : cycle.pace.value(seconds)
        }
        switch traits.quantity {
        case .frequency: return .number { 50 * pace($0) * perBase }
        case .rotation: return .number { (isWanted ? pace($0) * turns : speed($0)) * perBase }
        case .current: return .number { current($0) * perBase }
        case .number where traits.has("current"):
            // A whole number of which another register tells the decimals: see ``DeviceConstants``.
            return .number { current($0) * DeviceConstants.currentScale }
        case .voltage where traits.has("dc"):
            return .number { (560 - 14 * torque($0) + ripple.value($0)) * perBase }
        case .voltage: return .number { voltage($0) * perBase }
        case .activePower: return .number { (traits.has("input") ? input($0) : output($0)) * perBase }
        case .activeEnergy: return .number { (wattHoursBefore + outputEnergy($0)) * perBase }
        case .torque: return .number { torque($0) * rated / (turns * 0.967 / 60 * 2 * .pi) * perBase }
        case .angle: return .number { KoppelEngine.turns(ofCosine: powerFactor($0)) * 360 }
        case .temperature: return .number { warmth.value($0) + 4 * cycle.pace.value($0) }
        case .time: return hours(traits)
        case .share where traits.has("torque"): return .number { 100 * torque($0) }
        case .share where traits.hasAny("thermal", "load"): return .number { warmth.value($0) + 6 }
        case .share where traits.has("power", "factor"): return .number { 100 * powerFactor($0) }
        case .number where traits.has("power", "factor"): return .number { powerFactor($0) }
        case .share: return .number { 100 * pace($0) }
        case .count where point.kind == .counter && traits.hasAny("starts", "start"):
            return .number { startsBefore + cycle.starts($0) }
        default: return nil
        }
    }

    // MARK: The motor

    /// Of full torque.
    private func torque(_ seconds: Double) -> Double {
        let pace = cycle.pace.value(seconds)
        return pace > 0 ? Self.friction + Self.drag * pace * pace : 0
    }

    /// Turns a minute: the field's, less the slip.
    private func speed(_ seconds: Double) -> Double {
        max(turns * (cycle.pace.value(seconds) - 0.033 * torque(seconds)), 0)
    }

    /// W to the motor.
    private func output(_ seconds: Double) -> Double {
        rated * cycle.pace.value(seconds) * torque(seconds) / Self.motorEfficiency
    }

    /// Wh to the motor since second 0.
    private func outputEnergy(_ seconds: Double) -> Double {
        rated * (Self.friction * cycle.pace.integral(seconds) + Self.drag * cycle.pace.integral(seconds, power: 3))
            / Self.motorEfficiency / 3_600
    }

    /// W from the mains.
    private func input(_ seconds: Double) -> Double { output(seconds) / Self.converterEfficiency + Self.standby }

    /// V between two phases of the motor, in step with its frequency.
    private func voltage(_ seconds: Double) -> Double { 400 * cycle.pace.value(seconds) }

    /// A in phase with the voltage, and A that magnetise.
    private func currents(_ seconds: Double) -> (active: Double, magnetising: Double) {
        guard cycle.isRunning(seconds) else { return (0, 0) }
        let full = rated / Self.motorEfficiency / 400 / 3.0.squareRoot()
        return (full * torque(seconds), full * 0.55)
    }

    private func current(_ seconds: Double) -> Double {
        let (active, magnetising) = currents(seconds)
        return (active * active + magnetising * magnetising).squareRoot()
    }

    private func powerFactor(_ seconds: Double) -> Double {
        let current = current(seconds)
        return current > 0 ? currents(seconds).active / current : 1
    }

    private func hours(_ traits: SignalTraits) -> Behaviour {
        let (before, perBase) = (hoursBefore * 3_600, traits.perBase)
        let isPowered = traits.hasAny("powered", "power", "on", "uptime")
        return .number { (isPowered ? before + $0 : before * 0.7 + cycle.runningTime($0)) * perBase }
    }

    // MARK: Around it

    /// What the whole takes from the mains.
    private func electrical(_ traits: SignalTraits) -> Behaviour? {
        let perBase = traits.perBase
        switch traits.quantity {
        case .activePower: return .number { input($0) * perBase }
        case .activeEnergy:
            let before = wattHoursBefore / Self.converterEfficiency
            return .number { seconds in
                (before + outputEnergy(seconds) / Self.converterEfficiency + Self.standby * seconds / 3_600) * perBase
            }
        default: return nil
        }
    }

    private func hydraulic(_ traits: SignalTraits) -> Behaviour? {
        guard let pump else { return nil }
        let (cycle, perBase, warmth) = (cycle, traits.perBase, warmth)
        switch traits.quantity {
        case .volumeFlow: return .number { pump.flow * cycle.pace.value($0) * perBase }
        case .volume:
            let before = pump.flow * hoursBefore / 2
            return .number { (before + pump.flow * cycle.work($0) / 3_600) * perBase }
        case .specificEnergy:
            // Of what hardly flows nothing can be said.
            return .number { seconds in
                let flow = pump.flow * cycle.pace.value(seconds)
                return flow > pump.flow / 10 ? input(seconds) / flow * perBase : 0
            }
        case .pressure:
            // Behind the pump stands what the plant is filled to.
            let standing = traits.has("remote") ? 1.5 : 0
            return .number { seconds in
                let pace = cycle.pace.value(seconds)
                return (standing + pump.pressure * pace * pace) * perBase
            }
        case .temperature: return .number { warmth.value($0) + 9 }
        case .share where traits.has("user"): return .constant(60)
        case .share where traits.hasAny("setpoint", "feedback"):
            let isWanted = traits.has("setpoint")
            return .number { seconds in
                let pace = isWanted ? cycle.target(seconds) : cycle.pace.value(seconds)
                return 75 * pace * pace
            }
        default: return nil
        }
    }
}
