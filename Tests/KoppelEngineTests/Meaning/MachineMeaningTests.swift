import KoppelCore
import Testing

@testable import KoppelEngine

struct MachineMeaningTests {
    private static func register(_ signal: String = "mode") throws -> StateRule.Basis {
        .register(
            signal: try point(signal, at: 0).signal,
            map: [
                1: StateRule.MappedState(state: "notExecuting", mode: "processing", cause: "starved", sub: "Idle"),
                6: StateRule.MappedState(state: "executing", mode: "processing", cause: "none", sub: "Execute"),
            ])
    }

    private static func machine(window: Duration = .seconds(900), simulated: Bool = false) throws -> MeaningBench {
        var mode = try point("mode", at: 0)
        mode.kind = .state
        return try MeaningBench([mode], state: try register(), window: window, simulated: simulated)
    }

    private static func rule(
        _ code: String, _ signal: String, _ trigger: AlarmRule.Trigger
    ) throws -> AlarmRule {
        AlarmRule(
            code: try #require(Identifier(code)), signal: try point(signal, at: 0).signal, trigger: trigger,
            level: .fault, severity: 800, text: ["nl": "Storing", "en": "Fault"])
    }

    // MARK: State

    @Test func `3_6: a state is told when it changes, with what came before and how long that lasted`() throws {
        var machine = try Self.machine()
        machine.bench.registers[0] = 6
        #expect(machine.poll().lines == ["state 1 executing good"])
        #expect(machine.poll(times: 9).lines == [])
        machine.bench.registers[0] = 1
        let change = machine.poll()
        #expect(change.lines == ["state 2 notExecuting good from executing after 10.0"])
        let state = try #require(change.states.first)
        #expect(state.since == machine.bench.time)
        #expect(state.number == 1)
        #expect(state.sources.map(\.value) == [.uint(1)])
    }

    @Test func `3_6, 4_1: a silent machine is stale, then unknown for its communication, and comes back`() throws {
        var machine = try Self.machine()
        machine.bench.registers[0] = 6
        machine.poll()
        var story: [String] = []
        for second in 1...40 {
            story += machine.poll(.fails(.timeout)).lines.map { "\(second): \($0)" }
        }
        #expect(
            story == [
                "3: state 2 executing staleCommunication", "3: alarm 1 kpl-stale raised",
                "30: state 3 unknown noCommunication from executing after 30.0",
            ])
        #expect(machine.told.states.last?.what.cause == "communication")
        #expect(
            machine.poll().lines == ["state 4 executing good from unknown after 11.0", "alarm 2 kpl-stale gone"])
    }

    @Test func `row 21: a number without a meaning makes the state unknown and bad`() throws {
        var machine = try Self.machine()
        machine.bench.registers[0] = 99
        #expect(machine.poll().lines == ["state 1 unknown unmappedState"])
    }

    @Test func `row 30, row 33: the state of a simulated machine is simulated, and one by a doubtful clock is doubted`()
        throws
    {
        var simulated = try Self.machine(simulated: true)
        simulated.bench.registers[0] = 6
        #expect(simulated.poll().lines == ["state 1 executing simulated"])
        var doubtful = try Self.machine()
        doubtful.bench.clock = .unsynchronised
        doubtful.start(.first)
        doubtful.bench.registers[0] = 6
        #expect(doubtful.poll().lines == ["state 1 executing clockUnsynchronised"])
        doubtful.bench.clock = .synchronised
        doubtful.poll()
        #expect(doubtful.poll().lines == ["state 2 executing good"])
    }

    @Test func `A01: a restart keeps since, counts on, and tells the same state once without a change`() throws {
        var machine = try Self.machine()
        machine.bench.registers[0] = 6
        machine.poll()
        let since = try #require(machine.memory.state?.since)
        machine.bench.now += .seconds(60)
        machine.start(.crashed)
        #expect(machine.poll().lines == ["state 2 executing good"])
        #expect(machine.memory.state?.since == since)
        machine.bench.now += .seconds(9)
        machine.start(.crashed)
        machine.bench.registers[0] = 1
        #expect(machine.poll().lines == ["state 3 notExecuting good from executing after 71.0"])
    }

    @Test func `A04: what the journal refused is stored with the next record, with the same numbers`() throws {
        var machine = try Self.machine()
        machine.bench.registers[0] = 6
        machine.bench.now += .seconds(1)
        let swept = machine.bench.poll()
        let refused = try #require(swept)
        machine.bench.machine.couldNotStore(refused.record)
        machine.bench.registers[0] = 1
        #expect(
            machine.poll().lines == [
                "state 1 executing good", "state 2 notExecuting good from executing after 1.0",
            ])
    }

    @Test func `3_6: power gives a state, and a helper that is not published does too`() throws {
        let power = try point("power", at: 0, published: false)
        var machine = try MeaningBench(
            [power, try point("other", at: 1)],
            state: .power(
                signal: power.signal, idle: 50, busy: 500, hysteresis: 0, hold: .seconds(2), confirmed: false))
        machine.bench.registers[0] = 100
        #expect(machine.poll().lines == ["state 1 notExecuting derived"])
        machine.bench.registers[0] = 700
        #expect(machine.poll(times: 2).lines == [])
        #expect(machine.poll().lines == ["state 2 executing derived from notExecuting after 3.0"])
    }

    // MARK: Alarms

    @Test func `3_10: an alarm is raised and goes, counted with the other events of the machine`() throws {
        let rules = [try Self.rule("door", "door", .isTrue), try Self.rule("hot", "hot", .above(70))]
        var machine = try MeaningBench([try point("door", at: 0), try point("hot", at: 1)], alarms: rules)
        machine.bench.registers = [0: 0, 1: 60]
        #expect(machine.poll().lines == [])
        machine.bench.registers = [0: 1, 1: 71]
        #expect(machine.poll().lines == ["alarm 1 door raised", "alarm 2 hot raised"])
        let raised = machine.bench.time
        machine.bench.registers = [0: 1, 1: 70]
        let gone = machine.poll()
        #expect(gone.lines == ["alarm 3 hot gone"])
        #expect(gone.alarms.first?.since == raised)
        #expect(gone.alarms.first?.time == machine.bench.time)
        #expect(machine.memory.alarms.values.filter(\.isActive).map(\.code.description) == ["door"])
    }

    @Test func `3_11: after a restart an active alarm is shown again, and one without a rule has gone`() throws {
        let rules = [try Self.rule("door", "door", .isTrue), try Self.rule("lid", "door", .isTrue)]
        var machine = try MeaningBench([try point("door", at: 0)], alarms: rules)
        machine.bench.registers[0] = 1
        machine.poll()
        machine.bench.settings.profile.alarms = [rules[0]]
        let before = machine.told.count
        machine.start(.stopped)
        #expect(Array(machine.told[before...]).lines == ["alarm 3 lid gone"])
        #expect(machine.poll().lines == [])
        machine.bench.registers[0] = 0
        #expect(machine.poll().lines == ["alarm 4 door gone"])
    }

    @Test func `3_10: the agent warns of a value outside its limits, once, and tells when it is in order`() throws {
        var narrow = try point("narrow", at: 0)
        narrow.limits = Band(low: 0, high: 100)
        var machine = try MeaningBench([narrow])
        machine.bench.registers[0] = 50
        #expect(machine.poll().lines == [])
        machine.bench.registers[0] = 101
        let raised = machine.poll()
        #expect(raised.lines == ["alarm 1 kpl-out-of-limits raised"])
        #expect(raised.alarms.first?.signal == narrow.signal)
        #expect(machine.poll(times: 5).lines == [])
        machine.bench.registers[0] = 100
        #expect(machine.poll().lines == ["alarm 2 kpl-out-of-limits gone"])
    }

    // MARK: Counters

    @Test func `D02, D03: a rollover and a reset are told apart, and no step is negative`() throws {
        var machine = try MeaningBench([try counterPoint("parts", at: 0)])
        machine.bench.registers[0] = 65_534
        #expect(machine.poll().lines == [])
        machine.bench.registers[0] = 3
        #expect(machine.poll().lines == ["counter 1 rollover 65534-3 credited 5"])
        machine.bench.registers[0] = 40_000
        machine.poll()
        machine.bench.registers[0] = 7
        #expect(machine.poll().lines == ["counter 2 reset 40000-7 credited 7"])
        machine.bench.registers[0] = 9
        #expect(machine.poll(after: .seconds(3_600)).lines.last == "counter 3 gap 7-9 credited none")
    }

    // MARK: Windows

    @Test func `3_8: a window closes with its states, counts and energy`() throws {
        var mode = try point("mode", at: 0)
        mode.kind = .state
        var machine = try MeaningBench(
            [mode, try counterPoint("parts", at: 1)], state: try Self.register(), window: .seconds(60))
        machine.bench.registers = [0: 6, 1: 100]
        for second in 1...60 {
            if second == 41 { machine.bench.registers[0] = 1 }
            machine.bench.registers[1] = UInt16(100 + second)
            machine.poll()
        }
        let window = try #require(machine.told.windows.first)
        #expect(machine.told.windows.count == 1)
        #expect(window.end == machine.bench.time)
        #expect(
            window.shares.map { "\($0.what.state) \($0.nanoseconds / 1_000_000_000)" }
                == ["unknown 1", "executing 40", "notExecuting 19"])
        #expect(window.covered == 59_000_000_000)
        // The first reading counts nothing, and the last belongs to the next window.
        #expect(window.counts.map(\.delta) == [58])
        #expect(window.counts.map(\.condition) == [.fewGoodSamples])
    }

    @Test func `row 30: what a window counts of a simulated machine is simulated, also after a restart`() throws {
        let mode = try Self.machine().bench.settings.points[0]
        for (simulated, expected) in [(true, Condition.simulated), (false, .good)] {
            var machine = try MeaningBench(
                [mode, try counterPoint("parts", at: 1)], state: try Self.register(), window: .seconds(60),
                simulated: simulated)
            for second in 0..<200 {
                if second == 100 { machine.start(.crashed) }
                machine.bench.registers = [0: 6, 1: UInt16(second)]
                machine.poll()
            }
            let conditions = machine.told.windows.flatMap { $0.counts.map(\.condition) }
            #expect(conditions.last == expected)
            #expect(!simulated || conditions.allSatisfy { $0 == .simulated }, "\(conditions)")
        }
    }

    @Test func `3_8: a window that spans a crash keeps what was stored, and says what it does not know`() throws {
        var mode = try point("mode", at: 0)
        mode.kind = .state
        var machine = try MeaningBench(
            [mode, try counterPoint("parts", at: 1)], state: try Self.register(), window: .seconds(300))
        machine.bench.registers = [0: 6, 1: 0]
        for second in 1...120 {
            machine.bench.registers[1] = UInt16(second)
            machine.poll()
        }
        machine.bench.now += .seconds(60)
        machine.bench.registers[1] = 180
        machine.start(.crashed)
        for second in 181...300 {
            machine.bench.registers[1] = UInt16(second)
            machine.poll()
        }
        let window = try #require(machine.told.windows.first)
        #expect(window.shares.reduce(0) { $0 + $1.nanoseconds } == 300_000_000_000)
        let known = window.shares.filter { $0.what.state == "executing" }.reduce(0) { $0 + $1.nanoseconds }
        // Stored each minute: the crash costs the second minute's rest, the pause and the first second of each run.
        #expect((177_000_000_000...239_000_000_000).contains(known))
        // Nothing is counted twice and nothing is lost: from the first reading to the last before the end.
        #expect(window.counts.map(\.delta) == [298])
    }

    @Test func `3_8: a window that ended while the agent was away is closed as far as it was known`() throws {
        var machine = try Self.machine(window: .seconds(60))
        machine.bench.registers[0] = 6
        machine.poll(times: 30)
        machine.close()
        machine.bench.now += .seconds(3_600)
        machine.start(.stopped)
        let window = try #require(machine.told.windows.first)
        #expect(machine.told.windows.count == 1)
        #expect(window.shares.reduce(0) { $0 + $1.nanoseconds } == 60_000_000_000)
        #expect(window.covered == 29_000_000_000)
    }

    @Test func `a machine without rules tells nothing but what the agent itself warns of`() throws {
        var machine = try MeaningBench([try point("a", at: 0)])
        #expect(machine.poll(times: 1_000).isEmpty)
    }
}
