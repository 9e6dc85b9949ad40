import KoppelCore
import Testing

@testable import KoppelEngine

/// Values whose status says whether they count, as an agent polls them (`validWhen`).
struct ValidityPollingTests {
    @Test func `P46: a value and its status are one request, also when only the value is due`() throws {
        let points = [
            try point("value", at: 0, status: "fault"), try point("other", at: 3),
            try point("fault", at: 5, .bit(2), every: .seconds(10), published: false),
        ]
        let planner = ReadPlanner(unit: unit, points: points, cost: .tcp())
        #expect(brief(planner.plan([0])) == ["holding 0+6"])
        #expect(brief(planner.plan([1])) == ["holding 3+1"])
        #expect(planner.plan([0]).flatMap(\.points).filter(\.isDue).map(\.point) == [0])
    }

    @Test func `row 23: a value goes bad with its status and comes back with it, and the status stays good`() throws {
        var bench = try PollingBench([try point("value", at: 0, status: "fault"), try point("fault", at: 1)])
        (bench.registers[0], bench.registers[1]) = (21, 0)
        _ = bench.open()
        #expect(bench.poll().lines == ["0:2 good 21", "1:2 good 0"])
        bench.registers[1] = 4
        #expect(bench.poll().lines == ["0:3 sensorFault", "1:3 good 4"])
        bench.registers[1] = 0
        #expect(bench.poll().lines == ["0:4 good 21", "1:4 good 0"])
    }

    @Test func `P28, P46: a value whose status the device refuses is never good, and its neighbours are`() throws {
        let points = [
            try point("value", at: 0, status: "fault"), try point("beside", at: 1), try point("fault", at: 2),
        ]
        var bench = try LearningBench(points, device: .init(holes: [.holdingRegister: [2]]))
        for _ in 0..<12 {
            bench.sweep()
            #expect(bench.live[0]?.quality != .good)
        }
        #expect(bench.notGood == [0: .illegalAddress, 2: .illegalAddress])
    }
}
