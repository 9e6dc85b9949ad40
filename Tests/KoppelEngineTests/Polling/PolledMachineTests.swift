import KoppelCore
import Testing

@testable import KoppelEngine

struct PolledMachineTests {
    private static func good() throws -> PollingBench {
        var bench = try PollingBench([try point("a", at: 0)])
        bench.registers[0] = 5
        _ = bench.open()
        #expect(bench.poll().lines == ["0:2 good 5"])
        return bench
    }

    // MARK: Start

    @Test func `row 3: at the first start each signal and each total waits, and nothing is missing`() throws {
        var bench = try PollingBench([try point("a", at: 0), try counterPoint("n", at: 1)])
        let record = bench.open()
        #expect(record.lines == ["0:1 waiting", "1:1 waiting", "2:1 waiting"])
        #expect(record.gapLines == [])
    }

    @Test func `P42: a signal that cannot be had is without a value from the first, while its neighbour is good`()
        throws
    {
        var bench = try PollingBench([try point("a", at: 0), try point("b", at: 900)])
        let opened = bench.open()
        #expect(opened?.record.readings.map(\.value) == [nil, nil], "no reading begins as a zero")
        bench.registers[0] = 5
        bench.now += .seconds(1)
        for read in bench.machine.plan([0]) {
            bench.give(read.plan.request.start == 900 ? .exception(4) : .answers, to: read)
        }
        let record = bench.machine.takeRecord(clock: bench.reading)
        #expect(record.lines == ["0:2 good 5", "1:2 deviceFailure"])
    }

    struct Start: CustomTestStringConvertible {
        let end: JournalHistory.LastEnd
        let seconds: Int64
        let interval: Duration
        let gaps: [String]
        var testDescription: String { "\(end), \(seconds) s, every \(interval): \(gaps)" }
    }

    @Test(arguments: [
        Start(end: .first, seconds: 60, interval: .seconds(1), gaps: []),
        Start(end: .stopped, seconds: 60, interval: .seconds(1), gaps: ["0 agent-stopped 60"]),
        Start(end: .stopped, seconds: 60, interval: .milliseconds(700), gaps: ["0 agent-stopped 85"]),
        Start(end: .stopped, seconds: 5, interval: .seconds(10), gaps: []),
        Start(end: .stopped, seconds: 5, interval: .zero, gaps: ["0 agent-stopped 1"]),
        Start(end: .crashed, seconds: 60, interval: .seconds(1), gaps: ["0 agent-crashed 60"]),
        Start(end: .crashed, seconds: 0, interval: .seconds(1), gaps: ["0 agent-crashed 1"]),
        Start(end: .crashed, seconds: -3_600, interval: .seconds(1), gaps: ["0 agent-crashed 1"]),
        Start(end: .damaged(setAside: "x"), seconds: 10, interval: .seconds(1), gaps: ["0 journal-damaged 10"]),
    ])
    func `what is missing since the last run is declared at the start`(_ start: Start) throws {
        let lastAlive = PollingBench.begin.advanced(by: .seconds(-start.seconds))
        var bench = try PollingBench(
            [try point("a", at: 0)], interval: start.interval,
            memories: [SignalMemory(seq: 7, time: lastAlive.advanced(by: .seconds(-30)))])
        let record = bench.open(start.end, lastAlive: lastAlive)
        #expect(record.lines == ["0:8 waiting"])
        #expect(record.gapLines == start.gaps)
        for gap in record?.record.gaps ?? [] {
            #expect(gap.from == lastAlive)
            #expect(gap.from <= gap.to)
        }
    }

    @Test func `a signal that is new misses nothing`() throws {
        var bench = try PollingBench([try point("a", at: 0)])
        #expect(bench.open(.crashed, lastAlive: PollingBench.begin.advanced(by: .seconds(-60))).gapLines == [])
    }

    @Test func `P34: a point that no request can read is bad from the start, and the others are read`() throws {
        let wide = try point("wide", at: 10, .string(.highByteFirst, registers: 126))
        var bench = try PollingBench([try point("a", at: 0), wide])
        #expect(bench.open().lines == ["0:1 waiting", "1:1 waiting", "1:2 configError"])
        #expect(bench.poll().lines == ["0:2 good 0"])
    }

    // MARK: Readings

    @Test func `3_5: what does not change is stored at the heartbeat only, and a slow drift is not lost`() throws {
        var a = try point("a", at: 0)
        a.sampling.deadband = 2
        a.sampling.heartbeat = .seconds(10)
        var bench = try PollingBench([a])
        bench.registers[0] = 5
        _ = bench.open()
        let story = (1...25).flatMap { second -> [String] in
            if second == 15 { bench.registers[0] = 7 }
            if second == 17 { bench.registers[0] = 8 }
            return bench.poll().lines.map { "\(second): \($0)" }
        }
        #expect(story == ["1: 0:2 good 5", "11: 0:3 good 5", "17: 0:4 good 8"])
    }

    @Test func `helpers and scale registers are read and never become readings`() throws {
        let scaled = try point("scaled", at: 0, scale: "scale")
        let scale = try point("scale", at: 1, .int16, published: false)
        let helper = try point("helper", at: 2, published: false)
        var bench = try PollingBench([scaled, scale, helper])
        bench.registers = [0: 2_345, 1: UInt16(bitPattern: -1), 2: 9]
        #expect(bench.open().lines == ["0:1 waiting"])
        #expect(bench.poll().lines == ["0:2 good 234.5"])
    }

    @Test func `a machine of helpers only gives no record, whatever happens`() throws {
        var bench = try PollingBench([try point("helper", at: 0, published: false)])
        #expect(bench.open(.crashed, lastAlive: PollingBench.begin) == nil)
        #expect(bench.poll() == nil)
        #expect(bench.machine.groups.isEmpty, "what nobody needs is not read")
    }

    @Test func `a point that is only read along is not stored`() throws {
        let slow = try point("slow", at: 0, group: "pair", every: .seconds(10))
        let fast = try point("fast", at: 1, group: "pair", every: .seconds(1))
        var bench = try PollingBench([slow, fast])
        _ = bench.open()
        bench.registers = [0: 1, 1: 1]
        #expect(bench.machine.groups.map(\.points) == [[1], [0]])
        #expect(bench.machine.plan([0]).flatMap { $0.plan.points.map(\.isDue) } == [false, true])
        #expect(bench.poll(groups: [0]).lines == ["1:2 good 1"])
        #expect(bench.poll(groups: [0, 1]).lines == ["0:2 good 1"])
    }

    @Test func `rows 30 and 33: a simulated source and a doubtful clock are told, and nothing is good then`() throws {
        var simulated = try PollingBench([try point("a", at: 0)], simulated: true)
        #expect(simulated.poll().lines == ["0:1 simulated 0"])
        var unset = try PollingBench([try point("a", at: 0), try counterPoint("n", at: 1)])
        unset.clock = .unsynchronised
        #expect(
            unset.poll().lines == ["0:1 clockUnsynchronised 0", "1:1 clockUnsynchronised 0", "2:1 waiting"])
        var isolated = try PollingBench([try point("a", at: 0)], doubtsClock: false)
        isolated.clock = .unsynchronised
        #expect(isolated.poll().lines == ["0:1 good 0"])
    }

    @Test func `row 27 comes before row 30: a simulated counter that is reset says so`() throws {
        var bench = try PollingBench([try counterPoint("n", at: 0, modulus: nil)], simulated: true)
        bench.registers[0] = 50
        #expect(bench.poll().lines == ["0:1 simulated 50", "1:1 waiting"])
        bench.registers[0] = 3
        #expect(bench.poll().lines == ["0:2 counterReset 3", "1:2 counterReset 3"])
        bench.registers[0] = 4
        #expect(bench.poll().lines == ["0:3 simulated 4", "1:3 simulated 4"])
    }

    @Test func `P53: when the clock becomes right, values that stand still are good at the next poll`() throws {
        var bench = try PollingBench([try point("a", at: 0)])
        bench.clock = .unsynchronised
        #expect(bench.poll().lines == ["0:1 clockUnsynchronised 0"])
        _ = bench.poll()
        bench.clock = .synchronised
        #expect(bench.poll().lines == [])
        #expect(bench.poll().lines == ["0:3 good 0"])
        #expect(bench.poll().lines == [])
    }

    // MARK: Outages

    @Test func `4_1: one sample when it begins, uncertain with the old time, then bad`() throws {
        var bench = try Self.good()
        let readAt = bench.time
        var story: [String] = []
        for second in 1...60 {
            let record = bench.poll(.fails(.timeout))
            story += record.lines.map { "\(second): \($0)" }
            if second == 3 { #expect(record?.record.readings.last?.time == readAt) }
            if second == 1 { #expect(record?.record.readings.last?.time == bench.time) }
        }
        #expect(
            story == [
                "1: 0:3 timeout*", "3: 0:4 staleCommunication 5", "30: 0:5 noCommunication",
            ])
        #expect(bench.poll().lines == ["0:6 good 5"])
    }

    @Test func `P44: a machine that never answered is bad at once, and good only by an answer`() throws {
        var bench = try PollingBench([try point("a", at: 0)])
        _ = bench.open()
        #expect(bench.poll(.fails(.connectionRefused)).lines == ["0:2 connectionRefused"])
        #expect((0..<28).flatMap { _ in bench.poll(.fails(.timeout)).lines } == [])
        #expect((0..<60).flatMap { _ in bench.poll(.fails(.timeout)).lines } == ["0:3 noCommunication"])
        #expect(bench.poll().lines == ["0:4 good 0"])
    }

    @Test(arguments: [
        (UInt8(1), "illegalFunction"), (2, "illegalAddress"), (3, "illegalValue"), (4, "deviceFailure"),
        (7, "negativeAcknowledge"), (8, "memoryParity"), (9, "unknownException"), (12, "unknownException"),
    ])
    func `rows 5 to 13: a no that asking again does not cure is bad at once, and once`(_ code: UInt8, _ name: String)
        throws
    {
        var bench = try Self.good()
        #expect(bench.poll(.exception(code)).lines == ["0:3 \(name)"])
        #expect((0..<60).flatMap { _ in bench.poll(.exception(code)).lines } == [])
        #expect(bench.poll().lines == ["0:4 good 5"])
    }

    @Test(
        arguments: zip(
            [UInt8(5), 6, 10, 11],
            [
                ["0:3 acknowledge 5", "0:4 staleCommunication 5", "0:5 noCommunication"],
                ["0:3 busy*", "0:4 staleCommunication 5", "0:5 busy"],
                ["0:3 gatewayPath*", "0:4 staleCommunication 5", "0:5 gatewayPath"],
                ["0:3 gatewayTarget*", "0:4 staleCommunication 5", "0:5 gatewayTarget"],
            ]
        ))
    func `P40: rows 9, 10, 14 and 15 may pass, and end bad without a number`(_ code: UInt8, _ story: [String]) throws {
        var bench = try Self.good()
        #expect((0..<60).flatMap { _ in bench.poll(.exception(code)).lines } == story)
    }

    @Test func `P18, F23: a gateway's 10 and 11 and a busy unit's 5 and 6 ask for a pause, and no other code does`()
        throws
    {
        var bench = try Self.good()
        let read = try #require(bench.machine.plan([0]).first)
        let pausing = (0...UInt8.max).filter { code in
            let answer = ReadAnswer(
                outcome: .exception(ModbusException(code: code)), time: bench.time, elapsed: .zero)
            return bench.machine.take(answer, for: read, now: bench.now) != nil
        }
        #expect(pausing == [5, 6, 10, 11])
    }

    // MARK: Gaps

    @Test func `P21: missed slots travel with a reading of the sweep, even if nothing changed`() throws {
        var bench = try Self.good()
        let from = bench.time
        bench.machine.missed(3, of: 0, from: from, to: from.advanced(by: .seconds(2)))
        bench.machine.missed(2, of: 0, from: from.advanced(by: .seconds(4)), to: from.advanced(by: .seconds(5)))
        let record = bench.poll()
        #expect(record.lines == ["0:3 good 5"])
        #expect(record.gapLines == ["0 slot-missed 5"])
        #expect(record?.record.gaps.first?.from == from)
        #expect(record?.record.gaps.first?.to == from.advanced(by: .seconds(5)))
        #expect(bench.poll() == nil)
    }

    @Test func `one reading is enough to carry the gaps of all signals`() throws {
        var bench = try PollingBench(try (0..<50).map { try point("a\($0)", at: $0) })
        _ = bench.poll()
        bench.machine.missed(1, of: 0, from: bench.time, to: bench.time)
        let record = bench.poll()
        #expect(record?.record.readings.count == 1)
        #expect(record?.record.gaps.count == 50)
    }

    @Test func `gaps of a machine that never answers again are declared all the same`() throws {
        var bench = try Self.good()
        for _ in 0..<60 { bench.poll(.fails(.timeout)) }
        bench.machine.missed(4, of: 0, from: bench.time, to: bench.time)
        let record = bench.poll(.fails(.timeout))
        #expect(record.lines == ["0:6 noCommunication"])
        #expect(record.gapLines == ["0 slot-missed 4"])
    }

    @Test func `what the disk refused is declared by count, and what it said is told again`() throws {
        var bench = try PollingBench([try point("a", at: 0), try counterPoint("n", at: 1)])
        _ = bench.poll()
        bench.registers = [0: 9, 1: 2]
        for _ in 0..<2 {
            let swept = bench.poll()
            let lost = try #require(swept)
            #expect(lost.record.readings.count == 3)
            bench.machine.couldNotStore(lost.record)
        }
        let record = bench.poll()
        #expect(record.lines == ["0:4 good 9", "1:4 good 2", "2:4 good 2"])
        #expect(record.gapLines == ["0 disk-fault 2", "1 disk-fault 2", "2 disk-fault 2"])
    }

    @Test func `P43: that a machine is gone is told again if the disk refused it`() throws {
        var bench = try Self.good()
        var refused: [String] = []
        for _ in 0..<30 {
            guard let record = bench.poll(.fails(.timeout)) else { continue }
            refused = Optional(record).lines
            bench.machine.couldNotStore(record.record)
        }
        #expect(refused.map { $0.suffix(15) } == ["noCommunication"])
        let record = bench.poll(.fails(.timeout))
        #expect(record.lines.map { $0.suffix(15) } == ["noCommunication"])
        let first = try #require(record?.record.readings.first)
        #expect(record.gapLines == ["0 disk-fault \(first.seq - 3)"])
        #expect((0..<60).flatMap { _ in bench.poll(.fails(.timeout)).lines } == [])
    }

    @Test func `a gap that could not be stored is declared with the next record, with the graver reason`() throws {
        var bench = try Self.good()
        bench.machine.missed(3, of: 0, from: bench.time, to: bench.time)
        let swept = bench.poll()
        let refused = try #require(swept)
        bench.machine.couldNotStore(refused.record)
        bench.machine.missed(1, of: 0, from: bench.time, to: bench.time)
        #expect(bench.poll().gapLines == ["0 disk-fault 5"])
    }

    @Test func `what is still to be declared when polling ends is told then`() throws {
        var bench = try Self.good()
        bench.machine.close(now: bench.now, time: bench.time)
        #expect(bench.machine.takeRecord(clock: .synchronised) == nil)
        bench.registers[0] = 6
        let swept = bench.poll()
        let refused = try #require(swept)
        let readAt = bench.time
        bench.machine.couldNotStore(refused.record)
        bench.now += .seconds(1)
        bench.machine.close(now: bench.now, time: bench.time)
        let record = bench.machine.takeRecord(clock: .synchronised)
        #expect(record.lines == ["0:4 good 6"])
        #expect(record?.record.readings.first?.time == readAt)
        #expect(record.gapLines == ["0 disk-fault 1"])
    }
}
