import KoppelCore
import Testing

@testable import KoppelEngine

/// What becomes of registers that a device refuses inside a merged read.
struct HoleTests {
    @Test func `F31, P28: a hole in a merged read is found by halves, and costs the other values nothing`() throws {
        var bench = try LearningBench(try registers(40), device: .init(holes: [.holdingRegister: [17]]))
        var most = 0
        for _ in 0..<12 {
            bench.sweep()
            most = max(most, bench.asked.count)
        }
        #expect(bench.notGood == [17: .illegalAddress])
        #expect(most <= 5, "never a burst")
        #expect(bench.lines == ["holding 0+17", "holding 18+22"])
        #expect(bench.facts == ["holding 17 is refused, so it is not asked for (exception 2 (illegal data address))"])
    }

    @Test func `F31: values that were good stay so while a hole that came later is found`() throws {
        var bench = try LearningBench(try registers(40))
        bench.sweep(times: 3)
        #expect(bench.lines == ["holding 0+40"])
        bench.device.holes = [.holdingRegister: [30, 31]]
        for _ in 0..<12 {
            bench.sweep()
            #expect(bench.live.filter { $0.value.quality == .bad }.keys.allSatisfy { (30...31).contains($0) })
        }
        #expect(bench.notGood == [30: .illegalAddress, 31: .illegalAddress])
        #expect(bench.lines == ["holding 0+30", "holding 30+1", "holding 31+1", "holding 32+8"])
        #expect(bench.facts.isEmpty, "P29: what ever delivered is read apart and never given up")
    }

    @Test func `P28: a gap that the profile calls readable and is not is found and remembered`() throws {
        let points = try registers(4) + registers(4, from: 8)
        let limits = UnitLimits(allGapsReadable: true)
        var bench = try LearningBench(points, device: .init(holes: [.holdingRegister: [5]]), limits: limits)
        bench.sweep()
        #expect(bench.lines == ["holding 0+12"])
        bench.sweep(times: 5)
        #expect(bench.lines == ["holding 0+4", "holding 8+4"])
        #expect(bench.notGood.isEmpty)
        #expect(
            bench.facts == [
                "holding 4 to 7 lies between signals and is refused, so no read runs across it "
                    + "(exception 2 (illegal data address))"
            ])
    }

    @Test func `P28, P46: what lies between a value and its scale register is good though the two are refused`()
        throws
    {
        let points =
            try registers(4) + [point("scaled", at: 4, scale: "scale")] + registers(3, from: 5)
            + registers(4, from: 9) + [point("scale", at: 31)]
        let holes = Set(0...31).subtracting(points.map { Int($0.address) })
        var bench = try LearningBench(points, device: .init(holes: [.holdingRegister: holes]))
        bench.sweep(times: 5)
        #expect(bench.notGood == [4: .illegalAddress])
        bench.sweep(times: 7)
        #expect(bench.notGood == [4: .illegalAddress])
        #expect(bench.lines == ["holding 0+8", "holding 9+4", "holding 31+1"])
        #expect(
            bench.facts == ["holding 4 to 31 is refused, so it is not asked for (exception 2 (illegal data address))"])
    }

    @Test func `P29, P46: a value and its scale register that delivered together are never given up`() throws {
        let points = try [point("scaled", at: 0, scale: "scale"), point("between", at: 2), point("scale", at: 4)]
        var bench = try LearningBench(points)
        bench.sweep(times: 3)
        #expect(bench.lines == ["holding 0+5"])
        bench.device.holes = [.holdingRegister: [1, 3]]
        for _ in 0..<12 {
            bench.sweep()
            #expect(bench.live.filter { $0.value == .illegalAddress }.keys.allSatisfy { $0 == 0 })
        }
        #expect(bench.lines == ["holding 0+5", "holding 2+1", "holding 4+1"])
        bench.device.holes = [:]
        bench.sweep(times: 4)
        #expect(bench.lines == ["holding 0+5"] && bench.notGood.isEmpty && bench.facts.isEmpty)
    }

    @Test func `P29: one noisy exception teaches nothing`() throws {
        for code: UInt8 in [2, 3] {
            var bench = try LearningBench(try registers(40))
            bench.sweep(times: 3)
            bench.device.refusesAll = true
            bench.device.absent = code
            bench.sweep()
            bench.device.refusesAll = false
            bench.sweep(times: 3)
            #expect(bench.notGood.isEmpty)
            #expect(bench.facts.isEmpty)
            #expect(bench.lines == ["holding 0+40"], "after code \(code)")
        }
    }

    @Test func `P29: a register that delivered is back among the others when it answers again`() throws {
        var bench = try LearningBench(try registers(10))
        bench.sweep()
        bench.device.holes = [.holdingRegister: [4]]
        bench.sweep(times: 10)
        #expect(bench.lines == ["holding 0+4", "holding 4+1", "holding 5+5"])
        bench.device.holes = [:]
        bench.sweep()
        #expect(bench.notGood.isEmpty)
        bench.sweep(times: 3)
        #expect(bench.lines == ["holding 0+10"])
    }

    @Test func `P29: a value that the journal knows was delivered, in whichever run`() throws {
        var memories = Array(repeating: SignalMemory(), count: 10)
        memories[4] = SignalMemory(seq: 9, time: PollingBench.begin, value: .uint(3), valueTime: PollingBench.begin)
        var bench = try LearningBench(
            try registers(10), device: .init(holes: [.holdingRegister: [4]]), memories: memories)
        bench.sweep(times: 20)
        #expect(bench.facts.isEmpty)
        #expect(bench.lines.contains("holding 4+1"))
    }

    @Test func `P29: what was given up is tried again after a day, then after two, and is back by one answer`() throws {
        var bench = try LearningBench(try registers(10), device: .init(holes: [.holdingRegister: [4]]))
        bench.sweep(times: 12)
        #expect(bench.facts.count == 1)
        func askedAlone(_ bench: LearningBench) -> Bool { bench.lines.contains("holding 4+1") }
        bench.sweep(after: .seconds(23 * 3_600))
        bench.sweep()
        #expect(!askedAlone(bench))
        bench.sweep(after: .seconds(3_600))
        bench.sweep()
        #expect(askedAlone(bench), "after a day")
        bench.sweep()
        #expect(!askedAlone(bench), "one refusal confirms it")
        #expect(bench.board.facts.map(\.holds) == [.seconds(48 * 3_600)])
        bench.sweep(after: .seconds(47 * 3_600))
        bench.sweep()
        #expect(!askedAlone(bench))
        bench.device.holes = [:]
        bench.sweep(after: .seconds(3_600))
        bench.sweep()
        #expect(bench.notGood.isEmpty && bench.facts.isEmpty)
        bench.sweep(times: 4)
        #expect(bench.lines == ["holding 0+10"])
    }

    @Test func `D06, D07: a step of the wall clock neither forgets a fact nor keeps it for ever`() throws {
        var bench = try LearningBench(try registers(10), device: .init(holes: [.holdingRegister: [4]]))
        bench.sweep(times: 12)
        bench.wallStep = .seconds(10 * 365 * 86_400)
        bench.sweep(times: 2)
        #expect(!bench.lines.contains("holding 4+1"))
        bench.wallStep = .seconds(-86_400)
        bench.sweep(after: .seconds(25 * 3_600))
        bench.sweep()
        #expect(bench.lines.contains("holding 4+1"))
    }

    @Test func `P30: a hole in one table is no hole in another`() throws {
        let points = try registers(6) + registers(6, .inputRegister) + registers(6, .coil)
        var bench = try LearningBench(points, device: .init(holes: [.holdingRegister: [2]]))
        bench.sweep(times: 12)
        #expect(bench.lines == ["coil 0+6", "holding 0+2", "holding 3+3", "input 0+6"])
        #expect(bench.notGood == [2: .illegalAddress])
    }

    @Test func `P28: coils and discrete inputs have holes too`() throws {
        var bench = try LearningBench(
            try registers(300, .coil) + registers(9, .discreteInput),
            device: .init(holes: [.coil: [0, 150], .discreteInput: [8]], longest: 2_000))
        bench.sweep(times: 40)
        #expect(bench.notGood == [0: .illegalAddress, 150: .illegalAddress, 308: .illegalAddress])
        #expect(bench.lines == ["coil 1+149", "coil 151+149", "discrete 0+8"])
    }

    @Test func `P34: one bad address stops nothing else, and is told with its own reason`() throws {
        var bench = try LearningBench(
            try registers(3) + [point("lonely", at: 500)],
            device: .init(holes: [.holdingRegister: [500]]))
        for _ in 0..<20 {
            bench.sweep()
            #expect(bench.notGood == [3: .illegalAddress])
        }
    }

    @Test func `a device that refuses everything is not asked more and more, and nothing is given up`() throws {
        var bench = try LearningBench(try registers(60), device: .init(refusesAll: true))
        for _ in 0..<40 {
            bench.sweep()
            #expect(bench.asked.count <= 20)
        }
        #expect(bench.facts.isEmpty)
        bench.device.refusesAll = false
        bench.sweep()
        #expect(bench.notGood.isEmpty)
        bench.sweep(times: 6)
        #expect(bench.lines == ["holding 0+60"])
    }

    @Test func `another unit of the model starts from what the first one taught, and settles it for itself`() throws {
        let board = FactBoard()
        let device = LearningBench.Device(holes: [.holdingRegister: [17]])
        var first = try LearningBench(try registers(40), device: device, unit: 1, board: board)
        first.sweep(times: 12)
        var second = try LearningBench(try registers(40), device: device, unit: 2, board: board)
        second.sweep()
        #expect(second.lines == ["holding 0+17", "holding 17+1", "holding 18+22"])
        #expect(second.notGood == [17: .illegalAddress])
        second.sweep()
        #expect(second.lines == ["holding 0+17", "holding 18+22"], "one refusal of its own is enough")
        #expect(board.facts.map(\.unit.unit) == [UnitID(1), UnitID(2)])
        var third = try LearningBench(try registers(40), unit: 3, board: board)
        third.sweep(times: 2)
        #expect(third.lines == ["holding 0+40"], "P30: this one has the register")
        #expect(third.notGood.isEmpty)
        #expect(board.facts.count == 2)
    }

    @Test func `a unit that is polled already takes over what another one learns meanwhile`() throws {
        let board = FactBoard()
        let limits = UnitLimits(allGapsReadable: true)
        let points = try registers(4) + registers(4, from: 8)
        let device = LearningBench.Device(holes: [.holdingRegister: [5]])
        var idle = try LearningBench(points, limits: limits, unit: 2, board: board)
        idle.sweep()
        #expect(idle.lines == ["holding 0+12"])
        var first = try LearningBench(points, device: device, limits: limits, unit: 1, board: board)
        first.sweep(times: 6)
        idle.sweep()
        idle.sweep()
        #expect(idle.lines == ["holding 0+4", "holding 8+4"])
    }

    @Test func `P29: a new version of the profile starts without what was learned`() throws {
        let board = FactBoard([
            LearnedFact(
                unit: UnitOnBus(bus: try #require(Identifier("hall")), unit: UnitID(1)),
                model: DeviceModel(profile: try #require(Identifier("acme-press")), version: "0.9.0"),
                kind: .points(RegisterSpan(table: .holdingRegister, addresses: 4...4)),
                exception: ModbusException(code: 2), learned: PollingBench.begin)
        ])
        var bench = try LearningBench(try registers(10), board: board)
        bench.sweep()
        #expect(bench.lines == ["holding 0+10"])
    }
}
