import KoppelCore
import Testing

/// The laws of electricity, for each meter and inverter that can be simulated, within what their registers can show.
struct SimulatedMeterTests {
    /// A phase by the end of its names, or the whole.
    private static let parts = ["-l1", "-l2", "-l3", ""]

    @Test(arguments: Device.all)
    func `power is voltage times current times power factor`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for part in Self.parts {
            for moment in momentsOfADay {
                guard let voltage = try readings.base("electrical/voltage" + part, at: moment),
                    let current = try readings.base("electrical/current" + part, at: moment)
                else { continue }
                let apparent = voltage * current
                if let measured = try readings.base("electrical/apparent-power" + part, at: moment) {
                    #expect(measured.agrees(with: apparent), "S\(part) at \(moment) s: \(measured), \(apparent)")
                }
                guard let active = try readings.base("electrical/active-power" + part, at: moment) else { continue }
                for name in ["power-factor", "cos-phi"] {
                    guard let factor = try readings.base("electrical/\(name)" + part, at: moment) else { continue }
                    #expect(active.agrees(with: apparent * factor), "P\(part) at \(moment) s")
                }
                // Without a power factor at least: not more than the apparent power, and most of it.
                #expect(active.value <= apparent.value + apparent.error + active.error)
                #expect(active.value > 0.7 * apparent.value)
            }
        }
    }

    @Test(arguments: Device.all)
    func `active and reactive power make apparent power`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for part in Self.parts {
            for moment in momentsOfADay {
                let active = try [
                    "electrical/active-power", "electrical/active-power-export",
                ].lazy.compactMap { try readings.base($0 + part, at: moment) }.first
                guard let active, let reactive = try readings.base("electrical/reactive-power" + part, at: moment),
                    let apparent = try readings.base("electrical/apparent-power" + part, at: moment)
                else { continue }
                #expect(
                    (apparent * apparent).agrees(with: active * active + reactive * reactive, slack: 1e-5),
                    "\(part) at \(moment) s: \(apparent), \(active), \(reactive)")
                if let factor = try readings.base("electrical/power-factor" + part, at: moment), apparent.value > 0 {
                    #expect(active.agrees(with: apparent * factor, slack: 1e-5), "factor\(part) at \(moment) s")
                    #expect((0...1).contains(factor.value))
                }
            }
        }
    }

    @Test(arguments: Device.all)
    func `the whole is the sum of its phases, a mean is its third`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        let wholes: [(whole: String, part: String, count: Double)] = [
            ("active-power", "active-power", 1), ("reactive-power", "reactive-power", 1),
            ("current-sum", "current", 1), ("current-mean", "current", 3), ("voltage-mean", "voltage", 3),
            ("active-energy-import", "active-energy-import", 1), ("active-energy-export", "active-energy-export", 1),
        ]
        for (whole, part, count) in wholes {
            for moment in momentsOfADay {
                let parts = try (1...3).compactMap { try readings.base("electrical/\(part)-l\($0)", at: moment) }
                guard parts.count == 3, let whole = try readings.base("electrical/\(whole)", at: moment) else {
                    continue
                }
                let sum = parts[0] + parts[1] + parts[2]
                // Registers of energy are cut off and not rounded, so that they never run ahead.
                let measured = whole * Measured(count, within: 0)
                #expect(
                    (measured.value - sum.value).magnitude
                        <= 2 * (measured.error + sum.error) + 2e-6 * sum.value.magnitude,
                    "\(part) at \(moment) s: \(measured), \(sum)")
            }
        }
    }

    @Test(arguments: Device.all)
    func `between two phases is the root of three times the voltage`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for (first, second) in [("l1", "l2"), ("l2", "l3"), ("l3", "l1")] {
            for moment in momentsOfADay {
                guard let one = try readings.base("electrical/voltage-\(first)", at: moment),
                    let other = try readings.base("electrical/voltage-\(second)", at: moment),
                    let line = try readings.base("electrical/voltage-\(first)-\(second)", at: moment)
                else { continue }
                #expect(
                    (line * line).agrees(with: one * one + other * other + one * other, slack: 1e-5),
                    "\(first)-\(second) at \(moment) s")
                #expect((385...415).contains(line.value))
            }
        }
        for moment in momentsOfADay {
            guard let mean = try readings.base("electrical/voltage-line-mean", at: moment),
                let phase = try readings.base("electrical/voltage-l1", at: moment)
            else { continue }
            #expect((mean.value / phase.value - 3.0.squareRoot()).magnitude < 0.03)
        }
    }

    @Test(arguments: Device.all)
    func `the highest demand is above any demand`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for name in readings.names(.measurement) where name.hasSuffix("-demand") {
            let demands = try momentsOfADay.map { try readings.number(name, at: $0) ?? 0 }
            let average = demands.reduce(0, +) / Double(demands.count)
            #expect(demands.allSatisfy { $0 > average * 0.7 && $0 < average * 1.3 }, "\(name)")
            guard let highest = try readings.number(name + "-max", at: 0) else { continue }
            #expect(demands.allSatisfy { $0 <= highest } && highest < average * 1.4, "\(name): \(highest)")
        }
    }

    @Test(arguments: Device.all)
    func `energies that belong together add up`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for moment in momentsOfADay {
            func energy(_ name: String) throws -> Measured? { try readings.base("electrical/" + name, at: moment) }
            for kind in ["active", "reactive"] {
                guard let drawn = try energy("\(kind)-energy-import"), let fed = try energy("\(kind)-energy-export")
                else { continue }
                if let sum = try energy("\(kind)-energy-sum") {
                    #expect(sum.agrees(with: drawn + fed), "\(kind) at \(moment) s: \(sum), \(drawn), \(fed)")
                }
                if let net = try energy("\(kind)-energy-net") {
                    #expect(drawn.agrees(with: net + fed), "\(kind) at \(moment) s")
                }
            }
        }
    }

    @Test(arguments: Device.all)
    func `an inverter makes alternating current of most of its direct current, and both only by day`(
        _ device: Device
    ) throws {
        let readings = try SimulatedReadings(device)
        let name = readings.points["electrical/active-power-export"] == nil ? "active-power" : "active-power-export"
        guard readings.points["electrical/dc-power"] != nil, readings.points["electrical/" + name] != nil
        else { return }
        var nights = 0
        for moment in momentsOfADay {
            guard let direct = try readings.base("electrical/dc-power", at: moment),
                let active = try readings.base("electrical/" + name, at: moment)
            else { continue }
            if direct.value <= 0 {
                nights += 1
                #expect(active.value == 0)
            } else {
                #expect(active.value <= direct.value && active.value >= 0.9 * direct.value - active.error * 4)
            }
            let inputs = try (1...8).compactMap { try readings.base("electrical/dc-power-\($0)", at: moment) }
            if let first = inputs.first {
                #expect(direct.agrees(with: inputs.dropFirst().reduce(first, +)), "at \(moment) s")
            }
        }
        #expect(nights > 0 && nights < momentsOfADay.count / 2)
    }

    @Test(arguments: Device.all)
    func `direct current times its voltage is its power`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for input in ["", "-1", "-2", "-3", "-4"] {
            for moment in momentsOfADay {
                guard let power = try readings.base("electrical/dc-power" + input, at: moment),
                    let volts = try readings.base("electrical/dc-voltage" + input, at: moment),
                    let amperes = try readings.base("electrical/dc-current" + input, at: moment)
                else { continue }
                #expect(power.agrees(with: volts * amperes), "input \(input) at \(moment) s")
            }
        }
    }

    @Test(arguments: Device.all)
    func `the charge of a battery falls by what it delivers`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        guard readings.points["electrical/dc-power"] != nil, readings.points["electrical/active-power-export"] == nil,
            let capacity = try readings.base("storage/capacity", at: 0),
            let begin = try readings.base("storage/state-of-charge", at: 0)
        else { return }
        var delivered = 0.0
        for moment in stride(from: 0.0, to: 1_200, by: 2) {
            delivered += (try readings.base("electrical/dc-power", at: moment + 1)?.value ?? 0) * 2 / 3_600
            let charge = try #require(try readings.base("storage/state-of-charge", at: moment + 2))
            let lost = (begin.value - charge.value) * capacity.value
            #expect((lost - delivered).magnitude < 5 + 2 * charge.error * capacity.value, "at \(moment) s")
        }
    }
}
