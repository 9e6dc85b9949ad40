import KoppelCore
import Testing

@testable import KoppelEngine

/// Whatever a unit taught: a value is asked for, or told as bad with its reason, in each slot; and what was learned of it
/// can be seen to be otherwise.
struct AccountTests {
    /// Points at 0 to 3, and one at 11 whose even neighbour stands in a gap.
    private static func oddPoints() throws -> [Point] { try registers(4) + [point("odd", at: 11)] }

    private static let even = UnitLimits(
        readableGaps: [RegisterSpan(table: .holdingRegister, addresses: 10...10)], evenAlignment: true)

    @Test func `P28, P31: a value whose even neighbour is refused is told so, and is back when it is answered`() throws
    {
        var bench = try LearningBench(
            Self.oddPoints(), device: .init(holes: [.holdingRegister: [10]]), limits: Self.even)
        for _ in 0..<20 {
            bench.sweep()
            #expect(bench.notGood == [4: .illegalAddress])
        }
        #expect(bench.lines == ["holding 0+4"])
        #expect(
            bench.facts == ["holding 10 to 11 is refused, so it is not asked for (exception 2 (illegal data address))"])
        bench.device.holes = [:]
        bench.sweep(after: .seconds(25 * 3_600))
        bench.sweep()
        #expect(bench.notGood.isEmpty && bench.facts.isEmpty)
    }

    @Test func `P29, P31: one noisy refusal does not end the reading of a value at an odd address`() throws {
        var bench = try LearningBench(Self.oddPoints(), limits: Self.even)
        bench.sweep(times: 3)
        bench.device.refusesAll = true
        bench.sweep()
        bench.device.refusesAll = false
        bench.sweep(times: 3)
        #expect(bench.notGood.isEmpty && bench.machine.problems.isEmpty)
        bench.sweep(after: .seconds(60))
        #expect(bench.lines == ["holding 0+4", "holding 10+2"], "it is asked, and not only not yet old")
    }

    @Test func `P30, P31: what another unit teaches of a value at an odd address is tried by this one`() throws {
        let board = FactBoard()
        var first = try LearningBench(
            Self.oddPoints(), device: .init(holes: [.holdingRegister: [10]]), limits: Self.even, board: board)
        first.sweep(times: 12)
        #expect(board.facts.count == 1)
        var second = try LearningBench(Self.oddPoints(), limits: Self.even, unit: 2, board: board)
        second.sweep(times: 2)
        #expect(second.machine.problems.isEmpty)
        #expect(second.live.count == 5 && second.notGood.isEmpty)
    }

    @Test(arguments: [UInt8(2), 3], [false, true])
    func `P32: where two registers are the most, a value of four is told each time and costs the others nothing`(
        _ code: UInt8, _ isEven: Bool
    ) throws {
        let points =
            try [point("whole", at: 0, .uint64)] + (0..<6).map { try point("p\($0)", at: UInt16(4 + $0 * 2), .uint32) }
        var bench = try LearningBench(
            points, device: .init(longest: 2, tooLong: code), limits: UnitLimits(evenAlignment: isEven))
        bench.sweep(times: 40)
        let refusal: Condition = code == 2 ? .illegalAddress : .illegalValue
        #expect(bench.notGood == [0: refusal], "\(bench.facts)")
        for _ in 0..<10 {
            bench.sweep()
            #expect(bench.asked.allSatisfy { $0.count == 2 } && bench.asked.count == 6, "\(bench.lines)")
            #expect(bench.notGood == [0: refusal])
        }
        // What was learned is put to the test after a day, and the device takes more now.
        bench.device.longest = 125
        bench.sweep(after: .seconds(25 * 3_600))
        bench.sweep(times: 4)
        #expect(bench.notGood.isEmpty && bench.facts.isEmpty, "\(bench.facts)")
        #expect(bench.lines == ["holding 0+16"])
    }

    @Test func `P32: a value of four registers that came once is asked on, and is told as refused while it is`() throws
    {
        let points =
            try [point("whole", at: 0, .uint64)] + (0..<6).map { try point("p\($0)", at: UInt16(4 + $0 * 2), .uint32) }
        var bench = try LearningBench(points)
        bench.sweep(times: 3)
        bench.device.longest = 2
        bench.sweep(times: 60)
        #expect(bench.notGood == [0: .illegalValue])
        #expect(bench.lines.first == "holding 0+4" && bench.asked.dropFirst().allSatisfy { $0.count == 2 })
        bench.device.longest = 125
        bench.sweep()
        #expect(bench.live[0] == .good)
    }

    @Test func `P32: a value that a unit answers with silence grows old by its ages, and the others stay good`() throws
    {
        let points =
            try [point("whole", at: 0, .uint64)] + (0..<6).map { try point("p\($0)", at: UInt16(4 + $0 * 2), .uint32) }
            + [point("apart", at: 200, .uint32)]
        var bench = try LearningBench(points, device: .init(longest: 2, tooLong: nil))
        bench.sweep(times: 60)
        for _ in 0..<10 {
            bench.sweep()
            #expect(bench.notGood == [0: .noCommunication], "\(bench.facts) \(bench.lines)")
            #expect(bench.lines.first == "holding 0+4" && bench.asked.dropFirst().allSatisfy { $0.count == 2 })
        }
        bench.device.longest = 125
        bench.sweep()
        #expect(bench.notGood.isEmpty)
    }

    @Test(arguments: [true, false])
    func `P28, P46: values whose scale register is refused are told so, and what lies between is good`(
        _ isPublished: Bool
    ) throws {
        let points = try [
            point("first", at: 0, scale: "scale"), point("second", at: 1, scale: "scale"), point("plain", at: 2),
            point("scale", at: 3, published: isPublished), point("last", at: 4),
        ]
        var bench = try LearningBench(points, device: .init(holes: [.holdingRegister: [3]]))
        let scale: [UInt16: Condition] = isPublished ? [3: .illegalAddress] : [:]
        bench.sweep(times: 5)
        for _ in 0..<20 {
            bench.sweep()
            #expect(bench.notGood == [0: .illegalAddress, 1: .illegalAddress].merging(scale) { $1 })
        }
        bench.device.holes = [:]
        bench.sweep(after: .seconds(25 * 3_600))
        bench.sweep(times: 8)
        #expect(bench.notGood.isEmpty && bench.facts.isEmpty, "\(bench.notGood) \(bench.facts)")
        #expect(bench.lines == ["holding 0+5"])
    }

    @Test func `P30: after a reload what was given up is told at once, and what stands elsewhere now is asked`() throws
    {
        let board = FactBoard()
        let device = LearningBench.Device(holes: [.holdingRegister: [4]])
        var before = try LearningBench(try registers(10), device: device, board: board)
        before.sweep(times: 12)
        #expect(before.facts.count == 1)
        var same = try LearningBench(try registers(10), device: device, board: board)
        same.sweep()
        #expect(same.notGood == [4: .illegalAddress] && same.live.count == 10)
        #expect(same.lines == ["holding 0+4", "holding 5+5"])
        var points = try registers(10)
        points[4].address = 12
        var moved = try LearningBench(points, device: device, board: board)
        moved.sweep()
        #expect(moved.notGood.isEmpty && moved.live.count == 10)
    }

    @Test func `P32: a value that no request can take is told as a mistake, once as long as it is stored`() throws {
        let points = try registers(2) + [point("whole", at: 4, .uint64)]
        var bench = try LearningBench(points, limits: UnitLimits(registersPerRequest: 2))
        bench.sweep()
        #expect(bench.machine.problems.count == 1)
        #expect(bench.machine.givenUp == [2: .configError])
        bench.machine.tick([0], now: bench.now, time: bench.time)
        let record = bench.machine.takeRecord(clock: .synchronised)?.record
        #expect(record == nil)
    }
}
