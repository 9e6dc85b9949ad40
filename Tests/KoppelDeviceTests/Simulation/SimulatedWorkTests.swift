import KoppelCore
import Testing

/// States, bits and values of one device follow from one course of work.
struct SimulatedWorkTests {
    /// Half an hour, so that an inverter sees its night.
    private static let moments = stride(from: 0.0, to: 1_800, by: 4).map { $0 }

    @Test(arguments: Device.all)
    func `the state of a machine changes, is mostly at work and never in trouble`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        guard let rule = readings.profile.stateRule else { return }
        var logic = StateLogic(rule)
        var states: [String: Int] = [:]
        for moment in Self.moments {
            let inputs = try logic.signals.map { signal in
                try readings.decoded(#require(readings.points[signal.description]), at: moment)
            }
            let judged = logic.judge(inputs, now: .seconds(moment))
            let verdict = try #require(judged)
            let isLikely = verdict.number.map(rule.likely.contains) ?? false
            #expect(verdict.condition == (isLikely ? .derived : .good))
            states[verdict.what.state, default: 0] += 1
        }
        #expect(states["executing", default: 0] > Self.moments.count / 2, "\(states)")
        #expect(states.count > 1 && states["outOfService"] == nil, "\(states)")
    }

    @Test(arguments: Device.all)
    func `a drive that runs has speed, current and power, one at rest has none`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        let names = readings.points.keys.filter { $0.hasPrefix("drive/") || $0.hasPrefix("pump/") }
        let motion = [
            "drive/output-frequency", "drive/output-current", "drive/motor-speed", "drive/motor-torque",
            "drive/output-power", "drive/output-voltage", "drive/main-actual-value", "drive/speed-relative",
            "drive/output-frequency-relative", "pump/flow", "pump/head", "pump/differential-pressure",
            "pump/performance",
        ].filter { names.contains($0) }
        guard names.contains("drive/output-frequency") else { return }
        let bits = [
            "status/running", "status/rotating", "status/output-active", "status/run-command", "status/forward",
        ].filter { readings.points[$0] != nil }
        for moment in Self.moments {
            let pace = try #require(try readings.number("drive/output-frequency", at: moment))
            for name in bits where pace == 0 || pace > 1 {
                #expect(try readings.number(name, at: moment) == (pace > 0 ? 1 : 0), "\(name) at \(moment) s")
            }
            for name in motion where pace == 0 || pace > 20 {
                let number = try #require(try readings.number(name, at: moment))
                // The least digit of a coarse register can hide what is still left of it.
                let step = try readings.step(try #require(readings.points[name]), number, at: moment)
                #expect(pace > 0 ? number > 0 : number.magnitude <= step, "\(name) at \(moment) s")
            }
            guard pace > 20, let speed = try readings.number("drive/motor-speed", at: moment) else { continue }
            let turns = readings.points["pump/flow"] == nil ? 30.0 : 60
            #expect((0.94...1).contains(speed / (pace * turns)), "slip at \(moment) s")
        }
    }

    @Test(arguments: Device.all)
    func `the power of a drive is what its voltage and current can make`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for moment in Self.moments {
            guard let voltage = try readings.base("drive/output-voltage", at: moment),
                let current = try readings.base("drive/output-current", at: moment), voltage.value > 200,
                let power = try readings.base("drive/output-power", at: moment)
            else { continue }
            // The current of a drive that gives the decimals in another register stands in hundredths.
            let amperes = readings.points["drive/current-decimals"] == nil ? current.value : current.value / 100
            let apparent = voltage.value * amperes * 3.0.squareRoot()
            #expect(power.value <= apparent * 1.02 + power.error && power.value >= apparent * 0.4, "at \(moment) s")
            if let torque = try readings.number("drive/motor-torque", at: moment),
                let speed = try readings.number("drive/motor-speed", at: moment),
                readings.points["drive/motor-torque"]?.unit?.ucum == "N.m"
            {
                let shaft = torque * speed / 60 * 2 * .pi
                #expect((0.8...0.95).contains(shaft / power.value), "at \(moment) s")
            }
        }
    }

    @Test(arguments: Device.all)
    func `what a pump takes for each cubic metre is its power over its flow`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for moment in Self.moments {
            guard let specific = try readings.base("pump/specific-energy", at: moment),
                let flow = try readings.base("pump/flow", at: moment), flow.value > 3,
                let power = try readings.base("electrical/active-power", at: moment)
            else { continue }
            #expect(power.agrees(with: specific * flow), "at \(moment) s: \(power), \(specific), \(flow)")
        }
    }

    @Test(arguments: Device.all)
    func `a joint holds still while its robot rests, and its speed is the change of its position`(
        _ device: Device
    ) throws {
        let readings = try SimulatedReadings(device)
        for speed in readings.names(.measurement, unit: "/min") where speed.hasPrefix("joints/") {
            let position = speed.replacing("-speed", with: "-position")
            var moved = 0
            for moment in Self.moments.dropFirst() {
                let turns = try #require(try readings.number(speed, at: moment))
                let before = try #require(try readings.number(position, at: moment - 0.5))
                let after = try #require(try readings.number(position, at: moment + 0.5))
                // Degrees in a second, over a second in which the speed changes a little.
                #expect((after - before - turns * 6).magnitude < 1.5, "\(speed) at \(moment) s")
                guard try readings.number("status/robot-mode", at: moment - 1) != 7,
                    try readings.number("status/robot-mode", at: moment + 1) != 7
                else {
                    moved += turns.magnitude > 0.5 ? 1 : 0
                    continue
                }
                #expect(turns == 0 && after == before, "\(speed) at \(moment) s")
            }
            #expect(moved > Self.moments.count / 2)
        }
    }

    @Test(arguments: Device.all)
    func `a controller keeps its value near its setpoint`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        guard readings.points["process/value"] != nil else { return }
        for moment in Self.moments {
            let value = try #require(try readings.number("process/value", at: moment))
            let setpoint = try #require(
                try readings.number("process/setpoint", at: moment)
                    ?? readings.number("process/target-setpoint", at: moment))
            #expect((value - setpoint).magnitude < 12, "at \(moment) s")
            if let deviation = try readings.number("process/deviation", at: moment) {
                #expect((value - setpoint - deviation).magnitude < 1.01, "at \(moment) s")
            }
            for name in ["process/output", "process/output-heating"] {
                guard let output = try readings.number(name, at: moment) else { continue }
                #expect((0...100).contains(output), "\(name) at \(moment) s")
                if let heating = try readings.number("status/heating", at: moment) {
                    #expect((heating == 1) == (output > 0), "at \(moment) s")
                }
            }
        }
    }

    @Test(arguments: Device.all)
    func `inputs, outputs and bits of a program switch`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for point in readings.profile.points
        where ["io", "plc"].contains(point.signal.group) && point.dataType == .boolean {
            let values = Set(try Self.moments.prefix(60).map { try readings.decoded(point, at: $0).value })
            #expect(values.count == 2, "\(point.signal)")
        }
    }
}
