import KoppelCore
import Testing

@testable import KoppelEngine

struct SimulatedDeviceTests {
    /// Everything a device shows at a moment, read point by point and decoded.
    private func values(_ profile: DeviceProfile, seed: UInt64 = 7, at moment: Duration) throws -> [String: Decoded] {
        let device = SimulatedDevice(profile: profile, seed: seed)
        var words: [RegisterTable: [UInt16: [UInt16]]] = [:]
        for point in profile.points {
            let outcome = device.answer(
                table: point.table, start: point.address, count: point.wire.registers, at: moment)
            guard case .words(let answer) = outcome else {
                Issue.record("\(point.signal): \(outcome)")
                continue
            }
            words[point.table, default: [:]][point.address] = answer
        }
        return Dictionary(
            uniqueKeysWithValues: decodeAll(points: profile.points, words: words).map {
                ($0.signal.description, $0.decoded)
            })
    }

    @Test(arguments: [0, 1, 12.5, 59, 3_600, 40_000, 2_600_000] as [Double])
    func `each signal of each machine is good`(seconds: Double) throws {
        for profile in [try SimulatedMachines.meter(), try SimulatedMachines.robot(), try SimulatedMachines.inverter()]
        {
            let values = try values(profile, at: .seconds(seconds))
            #expect(values.count == profile.points.count)
            for (name, decoded) in values { #expect(decoded.condition == .good, "\(name)") }
        }
    }

    @Test func `a meter obeys physics, within the rounding of its registers`() throws {
        let meter = try SimulatedMachines.meter()
        for second in stride(from: 0.0, to: 600, by: 7.3) {
            let values = try values(meter, at: .seconds(second))
            func number(_ name: String) throws -> Double { try #require(values["electrical/\(name)"]?.value?.number) }
            var total = 0.0
            for phase in ["l1", "l2", "l3"] {
                let apparent = try number("apparent-power-\(phase)")
                let active = try number("active-power-\(phase)")
                let reactive = try number("reactive-power-\(phase)")
                #expect((225...235).contains(try number("voltage-\(phase)")))
                #expect(isClose(try number("voltage-\(phase)") * number("current-\(phase)"), apparent))
                #expect(isClose(apparent * (try number("power-factor-\(phase)")), active))
                #expect(isClose((active * active + reactive * reactive).squareRoot(), apparent))
                total += active
            }
            #expect(isClose(total, try number("active-power")))
            #expect((49.9...50.1).contains(try number("frequency")))
            #expect((390...410).contains(try number("voltage-l1-l2")))
        }
    }

    @Test func `a meter of one phase obeys the same physics`() throws {
        let meter = try SimulatedMachines.profile(
            "acme-small",
            points: [
                try SimulatedMachines.point("electrical/voltage", .float32, at: 0, unit: "V"),
                try SimulatedMachines.point("electrical/current", .float32, at: 2, unit: "A"),
                try SimulatedMachines.point("electrical/power-factor", .float32, at: 4, unit: "1"),
                try SimulatedMachines.point("electrical/active-power", .float32, at: 6, unit: "kW"),
            ])
        let values = try values(meter, at: .seconds(33))
        func number(_ name: String) throws -> Double { try #require(values["electrical/\(name)"]?.value?.number) }
        let power = try number("voltage") * number("current") * number("power-factor") / 1_000
        #expect(isClose(power, try number("active-power")))
    }

    @Test func `energy is the integral of power`() throws {
        let meter = try SimulatedMachines.meter()
        func number(_ name: String, _ seconds: Double) throws -> Double {
            try #require(try values(meter, at: .seconds(seconds))["electrical/\(name)"]?.value?.number)
        }
        var last = try number("active-energy-import", 0)
        let step = 0.5
        for index in 0..<120 {
            let begin = Double(index) * step
            let now = try number("active-energy-import", begin + step)
            let middle = try number("active-power", begin + step / 2)
            #expect(now > last)
            #expect(abs((now - last) * 3_600_000 / step - middle) < middle * 0.003)
            last = now
        }
    }

    @Test func `a robot runs most of the time, moves, and is never in trouble`() throws {
        let robot = try SimulatedMachines.robot()
        var modes: [Value: Int] = [:]
        var positions: Set<Value> = []
        for second in 0..<240 {
            let values = try values(robot, at: .seconds(second))
            modes[try #require(values["status/robot-mode"]?.value), default: 0] += 1
            positions.insert(try #require(values["joints/base-position"]?.value))
            #expect(values["safety/emergency-stop"] == Decoded(value: .uint(0), condition: .good))
            #expect(values["identity/model"] == Decoded(value: .text("Model X"), condition: .good))
        }
        #expect(modes[.uint(7), default: 0] > 150)
        #expect(modes.count > 1)
        #expect(Set(modes.keys).isSubset(of: [.uint(4), .uint(5), .uint(7)]))
        #expect(positions.count > 50)
    }

    @Test func `a counter counts and turns over where it should, without a reset`() throws {
        let robot = try SimulatedMachines.robot()
        let point = try #require(robot.points.first { $0.kind == .counter })
        let logic = try #require(CounterLogic(point))
        var previous: Value?
        var verdicts: Set<CounterLogic.Verdict> = []
        for second in stride(from: 0, to: 3_000, by: 3) {
            let value = try #require(try values(robot, at: .seconds(second))["counters/parts"]?.value)
            let step = logic.step(previous: previous, new: value, elapsed: .seconds(3))
            verdicts.insert(step.verdict)
            #expect(step.reading == .good)
            previous = value
        }
        #expect(verdicts == [.first, .counted, .rollover])
    }

    @Test func `scale registers hold the finest power of ten that fits`() throws {
        let values = try values(try SimulatedMachines.inverter(), at: .seconds(10))
        #expect(values["scale/power"] == Decoded(value: .int(0), condition: .good))
        #expect(values["scale/voltage"] == Decoded(value: .int(-2), condition: .good))
        let voltage = try #require(values["electrical/voltage-l1"]?.value?.number)
        #expect((225...235).contains(voltage))
    }

    @Test func `what says whether a value counts never says no, whatever its name and course would be`() throws {
        func rule(_ name: String, _ accepted: [Int64]) throws -> ValidityRule {
            ValidityRule(signal: try #require(SignalName(name)), accepted: accepted, otherwise: .meaning(.sensorFault))
        }
        let states: [Int64: String] = [0: "off", 2: "running", 5: "calibrating", 7: "stopped"]
        let sensor = try SimulatedMachines.profile(
            "acme-sensor",
            points: [
                try SimulatedMachines.point(
                    "air/pressure", .int16, at: 0, unit: "bar",
                    validWhen: [try rule("status/input-error", [1]), try rule("status/quality", [0x1C])]),
                try SimulatedMachines.point(
                    "air/temperature", .int16, at: 1, unit: "Cel",
                    validWhen: [try rule("status/run-state", [5, 7]), try rule("status/quality", [3, 0x1C])]),
                try SimulatedMachines.point("status/input-error", .bit(0), at: 2, kind: .state),
                try SimulatedMachines.point("status/quality", .uint8(.high), at: 3, kind: .event),
                try SimulatedMachines.point("status/run-state", .uint16, at: 4, kind: .state, states: states),
            ])
        for second in stride(from: 0.0, to: 400, by: 3.7) {
            let values = try values(sensor, at: .seconds(second))
            #expect(values.values.allSatisfy { $0.condition == .good }, "\(second) s: \(values)")
            #expect(values["status/input-error"]?.value == .bool(true))
        }
    }

    @Test func `the same seed and moment give the same words, another seed gives others`() throws {
        let meter = try SimulatedMachines.meter()
        func answer(_ seed: UInt64, _ seconds: Int) -> ReadOutcome {
            SimulatedDevice(profile: meter, seed: seed)
                .answer(table: .inputRegister, start: 0, count: 46, at: .seconds(seconds))
        }
        #expect(answer(1, 5) == answer(1, 5))
        #expect(answer(1, 5) != answer(2, 5))
        #expect(answer(1, 5) != answer(1, 6))
    }

    @Test func `part of a value is that part of the whole`() throws {
        let device = SimulatedDevice(profile: try SimulatedMachines.meter(), seed: 1)
        guard case .words(let whole) = device.answer(table: .inputRegister, start: 0, count: 4, at: .seconds(3)) else {
            Issue.record("no words")
            return
        }
        #expect(
            device.answer(table: .inputRegister, start: 1, count: 2, at: .seconds(3)) == .words(Array(whole[1...2])))
    }

    @Test func `unlisted addresses are refused, readable gaps are zero`() throws {
        let device = SimulatedDevice(profile: try SimulatedMachines.robot(), seed: 1)
        let illegalAddress = ReadOutcome.exception(ModbusException(code: 2))
        #expect(device.answer(table: .holdingRegister, start: 10, count: 2, at: .zero) == .words([0, 0]))
        #expect(device.answer(table: .holdingRegister, start: 13, count: 1, at: .zero) == illegalAddress)
        #expect(device.answer(table: .holdingRegister, start: 12, count: 2, at: .zero) == illegalAddress)
        #expect(device.answer(table: .inputRegister, start: 0, count: 1, at: .zero) == illegalAddress)
        #expect(device.answer(table: .holdingRegister, start: 65_535, count: 2, at: .zero) == illegalAddress)
    }

    @Test func `limits of the unit are kept`() throws {
        let limits = UnitLimits(registersPerRequest: 4, allGapsReadable: true, evenAlignment: true)
        let profile = try SimulatedMachines.profile(
            "acme-even", limits: limits, points: [try SimulatedMachines.point("a/b", .float32, at: 0)])
        let device = SimulatedDevice(profile: profile, seed: 1)
        func answer(_ start: UInt16, _ count: Int) -> ReadOutcome {
            device.answer(table: .inputRegister, start: start, count: count, at: .zero)
        }
        #expect(answer(0, 6) == .exception(ModbusException(code: 3)))
        #expect(answer(0, 0) == .exception(ModbusException(code: 3)))
        #expect(answer(1, 2) == .exception(ModbusException(code: 2)))
        #expect(answer(0, 3) == .exception(ModbusException(code: 2)))
        #expect(answer(100, 4) == .words([0, 0, 0, 0]))
    }

    @Test func `a sine is a sine`() {
        #expect(abs(sine(turns: 0.25) - 1) < 1e-9)
        #expect(abs(sine(turns: -3.75) - 1) < 1e-9)
        #expect(abs(sine(turns: 1.0 / 12) - 0.5) < 1e-9)
        #expect(abs(cosine(turns: 0.5) + 1) < 1e-9)
    }

    private func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= 1e-5 * abs(right) }
}
