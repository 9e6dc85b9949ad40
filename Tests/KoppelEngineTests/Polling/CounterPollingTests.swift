import KoppelCore
import Testing

@testable import KoppelEngine

/// Data model 3.7, as a counter is polled.
struct CounterPollingTests {
    private func counting(from first: UInt16, modulus: UInt64? = 65_536) throws -> PollingBench {
        var bench = try PollingBench([try counterPoint("n", at: 0, modulus: modulus)])
        bench.registers[0] = first
        #expect(bench.poll().lines == ["0:1 good \(first)", "1:1 waiting"])
        return bench
    }

    @Test func `the total counts from the first reading on`() throws {
        var bench = try counting(from: 40)
        bench.registers[0] = 47
        #expect(bench.poll().lines == ["0:2 good 47", "1:2 good 7"])
        bench.registers[0] = 50
        #expect(bench.poll().lines == ["0:3 good 50", "1:3 good 10"])
    }

    @Test func `over the end of the register it goes on`() throws {
        var bench = try counting(from: 65_530)
        bench.registers[0] = 4
        #expect(bench.poll().lines == ["0:2 good 4", "1:2 good 10"])
    }

    @Test func `a reset is told, and the total never falls`() throws {
        var bench = try counting(from: 40_000, modulus: nil)
        bench.registers[0] = 12
        #expect(bench.poll().lines == ["0:2 counterReset 12", "1:2 counterReset 12"])
        bench.registers[0] = 13
        #expect(bench.poll().lines == ["0:3 good 13", "1:3 good 13"])
    }

    @Test func `an outage costs the total nothing`() throws {
        var bench = try counting(from: 40)
        bench.registers[0] = 47
        bench.poll()
        for _ in 0..<40 { bench.poll(.fails(.timeout)) }
        bench.registers[0] = 100
        #expect(bench.poll().lines.map { $0.drop { $0 != " " } } == [" good 100", " good 60"])
    }

    @Test func `a restart is no reset: memory carries the total on`() throws {
        let before = PollingBench.begin.advanced(by: .seconds(-10))
        var bench = try PollingBench(
            [try counterPoint("n", at: 0)],
            memories: [
                SignalMemory(seq: 9, time: before, value: .uint(65_000), valueTime: before),
                SignalMemory(seq: 8, time: before, value: .uint(1_000_000), valueTime: before),
            ])
        #expect(bench.open(.stopped, lastAlive: before).lines == ["0:10 waiting", "1:9 waiting"])
        bench.registers[0] = 64
        #expect(bench.poll().lines == ["0:11 good 64", "1:10 good 1000600"])
    }

    @Test func `P53: a step of the wall clock changes no count`() throws {
        for step in [Duration.seconds(-86_400 * 365), .seconds(86_400 * 365 * 50)] {
            var bench = try counting(from: 65_500)
            bench.wallStep = step
            bench.registers[0] = 14
            #expect(bench.poll().lines == ["0:2 good 14", "1:2 good 50"])
        }
    }

    @Test func `P40: a sentinel leaves the total without a value, and costs no count`() throws {
        var n = try counterPoint("n", at: 0)
        n.sentinels = [Sentinel(pattern: .bits(0xFFFF), meaning: .notSupported)]
        var bench = try PollingBench([n])
        for value in [UInt16(10), 20] {
            bench.registers[0] = value
            bench.poll()
        }
        bench.registers[0] = 0xFFFF
        #expect(bench.poll().lines == ["0:3 notSupported", "1:3 notSupported"])
        bench.registers[0] = 25
        #expect(bench.poll().lines == ["0:4 good 25", "1:4 good 15"])
    }

    @Test func `a total is never better than what it comes from`() throws {
        var n = try counterPoint("n", at: 0)
        n.range = Band(low: 0, high: 50)
        var bench = try PollingBench([n])
        bench.registers[0] = 40
        bench.poll()
        bench.registers[0] = 60
        #expect(bench.poll().lines == ["0:2 outOfRange 60", "1:2 outOfRange 20"])
    }

    @Test func `row 17: total and counter become stale and bad together`() throws {
        var bench = try counting(from: 40)
        bench.registers[0] = 41
        bench.poll()
        let story = (0..<60).flatMap { _ in bench.poll(.fails(.timeout)).lines }
        #expect(
            story == [
                "0:3 timeout*", "0:4 staleCommunication 41", "1:3 staleCommunication 1", "0:5 noCommunication",
                "1:4 noCommunication",
            ])
    }
}
