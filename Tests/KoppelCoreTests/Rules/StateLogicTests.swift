import KoppelCore
import Testing

struct StateLogicTests {
    private static func name(_ text: String) throws -> SignalName { try #require(SignalName(text)) }
    private static func mapped(_ state: String, _ sub: String) -> StateRule.MappedState {
        StateRule.MappedState(state: state, mode: "processing", cause: "none", sub: sub)
    }

    // MARK: Register

    private static func register() throws -> StateLogic {
        StateLogic(
            StateRule(
                basis: .register(
                    signal: try name("status/unit-state"),
                    map: [
                        6: mapped("executing", "Execute"), 4: mapped("notExecuting", "Idle"),
                        9: StateRule.MappedState(state: "outOfService", cause: "fault", sub: "Aborted"),
                    ])))
    }

    @Test func `3_6: the number of a state register is looked up in the profile's own table`() throws {
        var logic = try Self.register()
        let verdict = logic.judge([Decoded(value: .uint(6), condition: .good)], now: .zero)
        #expect(verdict == StateLogic.Verdict(what: Self.mapped("executing", "Execute"), number: 6, condition: .good))
    }

    @Test func `3_6: the same PackML name has another number in another specification, and each profile its own`()
        throws
    {
        // OPC 30050 has Execute 6; OPC 30060 has Execute 4.
        var tobacco = StateLogic(
            StateRule(
                basis: .register(
                    signal: try Self.name("status/unit-state"), map: [4: Self.mapped("executing", "Execute")])))
        var general = try Self.register()
        let four = [Decoded(value: .uint(4), condition: .good)]
        #expect(tobacco.judge(four, now: .zero)?.what.sub == "Execute")
        #expect(general.judge(four, now: .zero)?.what.sub == "Idle")
    }

    @Test func `row 21: a number without a meaning is unknown and bad, and keeps its number`() throws {
        var logic = try Self.register()
        let verdict = logic.judge([Decoded(value: .uint(99), condition: .good)], now: .zero)
        #expect(
            verdict
                == StateLogic.Verdict(what: .unknown(cause: "unknown"), number: 99, condition: .unmappedState))
    }

    @Test(arguments: [Condition.noCommunication, .timeout, .gatewayTarget, .connectionRefused])
    func `3_6: a silent machine is unknown for its communication, never notAvailable`(_ condition: Condition) throws {
        var logic = try Self.register()
        let verdict = logic.judge([.bad(condition)], now: .zero)
        #expect(verdict == StateLogic.Verdict(what: .unknown(cause: "communication"), condition: condition))
    }

    @Test func `3_6: a machine that refuses the register is unknown, but not for its communication`() throws {
        var logic = try Self.register()
        #expect(logic.judge([.bad(.illegalAddress)], now: .zero)?.what == .unknown(cause: "unknown"))
        #expect(logic.judge([nil], now: .zero) == nil)
    }

    @Test func `4_2: a state is as doubtful as the signal it comes from`() throws {
        var logic = try Self.register()
        let verdict = logic.judge([Decoded(value: .uint(6), condition: .staleCommunication)], now: .zero)
        #expect(verdict?.what.state == "executing")
        #expect(verdict?.condition == .staleCommunication)
    }

    // MARK: Bits

    @Test(arguments: [
        ([true, true, true], "outOfService"), ([false, true, true], "executing"),
        ([false, false, true], "notExecuting"),
        ([false, false, false], "notAvailable"), ([true, false, false], "outOfService"),
        ([false, true, false], "executing"),
    ])
    func `3_6: of the bits the fault wins, then run, then power`(bits: [Bool], state: String) throws {
        var logic = StateLogic(
            StateRule(
                basis: .bits(
                    fault: try Self.name("s/fault"), run: try Self.name("s/run"), power: try Self.name("s/power"))))
        #expect(logic.signals.map(\.description) == ["s/fault", "s/run", "s/power"])
        let verdict = logic.judge(bits.map { Decoded(value: .bool($0), condition: .good) }, now: .zero)
        #expect(verdict?.what.state == state)
        #expect(verdict?.what.cause == (bits[0] ? "fault" : nil))
    }

    @Test func `3_6: without a power bit a machine that answers is waiting, not off`() throws {
        var logic = StateLogic(StateRule(basis: .bits(fault: nil, run: try Self.name("s/run"), power: nil)))
        #expect(logic.judge([Decoded(value: .uint(0), condition: .good)], now: .zero)?.what.state == "notExecuting")
        #expect(logic.judge([Decoded(value: .uint(1), condition: .good)], now: .zero)?.what.state == "executing")
    }

    @Test func `3_6: one lost bit is enough to know nothing, and the worst quality counts`() throws {
        var logic = StateLogic(
            StateRule(basis: .bits(fault: try Self.name("s/fault"), run: try Self.name("s/run"), power: nil)))
        let run = Decoded(value: .bool(true), condition: .good)
        #expect(logic.judge([.bad(.noCommunication), run], now: .zero)?.what == .unknown(cause: "communication"))
        let doubtful = Decoded(value: .bool(false), condition: .staleCommunication)
        #expect(logic.judge([doubtful, run], now: .zero)?.condition == .staleCommunication)
    }

    // MARK: Unless

    private static func robot() throws -> StateLogic {
        StateLogic(
            StateRule(
                basis: .register(
                    signal: try name("status/mode"),
                    map: [7: mapped("executing", "running"), 5: mapped("notExecuting", "idle")]),
                overrides: [
                    .init(
                        signal: try name("s/emergency-stop"),
                        what: StateRule.MappedState(state: "outOfService", cause: "emergency-stop")),
                    .init(
                        signal: try name("s/protective-stop"),
                        what: StateRule.MappedState(state: "outOfService", cause: "fault")),
                ],
                likely: [7]))
    }

    private static func shown(_ stops: [Decoded?], mode: UInt64) -> [Decoded?] {
        stops + [Decoded(value: .uint(mode), condition: .good)]
    }
    private static let clear = Decoded(value: .bool(false), condition: .good)
    private static let set = Decoded(value: .uint(1), condition: .good)

    @Test func `a machine that is stopped is not at work, whatever its mode register says`() throws {
        var logic = try Self.robot()
        #expect(logic.signals.map(\.description) == ["s/emergency-stop", "s/protective-stop", "status/mode"])
        let both = logic.judge(Self.shown([Self.set, Self.set], mode: 7), now: .zero)
        #expect(both?.what == StateRule.MappedState(state: "outOfService", cause: "emergency-stop"))
        #expect(both?.condition == .good)
        let one = logic.judge(Self.shown([Self.clear, Self.set], mode: 7), now: .zero)
        #expect(one?.what.cause == "fault")
        let none = logic.judge(Self.shown([Self.clear, Self.clear], mode: 5), now: .zero)
        #expect(none == StateLogic.Verdict(what: Self.mapped("notExecuting", "idle"), number: 5, condition: .good))
    }

    @Test func `a number that makes a state likely is told as derived`() throws {
        var logic = try Self.robot()
        let verdict = logic.judge(Self.shown([Self.clear, Self.clear], mode: 7), now: .zero)
        #expect(verdict?.what.state == "executing")
        #expect(verdict?.condition == .derived)
    }

    @Test func `a stop that cannot be read leaves the state unknown, unless another stop is set`() throws {
        var logic = try Self.robot()
        let silent = Decoded.bad(.timeout)
        let unknown = logic.judge(Self.shown([silent, Self.clear], mode: 7), now: .zero)
        #expect(unknown == StateLogic.Verdict(what: .unknown(cause: "communication"), condition: .timeout))
        #expect(logic.judge(Self.shown([silent, Self.set], mode: 7), now: .zero)?.what.state == "outOfService")
        let old = Decoded(value: .bool(false), condition: .staleCommunication)
        #expect(logic.judge(Self.shown([old, Self.clear], mode: 5), now: .zero)?.condition == .staleCommunication)
        #expect(logic.judge(Self.shown([nil, Self.clear], mode: 5), now: .zero) == nil)
    }

    // MARK: Power

    private static func power(hold: Duration = .seconds(5), confirmed: Bool = false) throws -> StateLogic {
        StateLogic(
            StateRule(
                basis: .power(
                    signal: try name("electrical/active-power"), idle: 50, busy: 500, hysteresis: 20, hold: hold,
                    confirmed: confirmed)))
    }

    private static func states(_ logic: inout StateLogic, _ watts: [Double]) -> [String] {
        watts.enumerated().map { second, watts in
            let verdict = logic.judge([Decoded(value: .double(watts), condition: .good)], now: .seconds(second))
            return verdict?.what.state ?? "none"
        }
    }

    @Test func `3_6: a level is entered at its threshold and left a hysteresis below it`() throws {
        var logic = try Self.power(hold: .zero)
        let states = Self.states(&logic, [10, 49.9, 50, 40, 29.9, 499, 501, 490, 481, 479, 500, 500.1])
        #expect(
            states == [
                "notAvailable", "notAvailable", "notExecuting", "notExecuting", "notAvailable", "notExecuting",
                "executing", "executing", "executing", "notExecuting", "notExecuting", "executing",
            ])
    }

    @Test func `3_6: a level has to hold for 5 s, and one that does not changes nothing`() throws {
        var logic = try Self.power()
        let peak = Self.states(&logic, [100, 900, 900, 900, 900, 100, 900, 900, 900, 900, 900, 900, 900])
        #expect(peak.prefix(11).allSatisfy { $0 == "notExecuting" })
        #expect(peak[11] == "executing")
    }

    @Test func `3_6: state from power is uncertain as derived until somebody confirmed the thresholds`() throws {
        var guess = try Self.power()
        var sure = try Self.power(confirmed: true)
        let power = [Decoded?.some(Decoded(value: .float(700), condition: .good))]
        #expect(guess.judge(power, now: .zero)?.condition == .derived)
        #expect(sure.judge(power, now: .zero)?.condition == .good)
        #expect(guess.judge([.bad(.noCommunication)], now: .seconds(1))?.what == .unknown(cause: "communication"))
        // After silence nothing is held over: the level is what the power says now.
        #expect(
            guess.judge([Decoded(value: .float(5), condition: .good)], now: .seconds(2))?.what.state == "notAvailable")
    }
}
