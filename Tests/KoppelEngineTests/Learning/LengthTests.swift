import KoppelCore
import Testing

@testable import KoppelEngine

/// What becomes of requests that are longer than a device takes.
struct LengthTests {
    @Test(arguments: [UInt8(2), 3], [1, 7, 40, 60, 124])
    func `P32: a limit lower than the profile's is found by halves`(_ code: UInt8, _ limit: Int) throws {
        var bench = try LearningBench(try registers(125), device: .init(longest: limit, tooLong: code))
        bench.sweep(times: 120)
        #expect(bench.notGood.isEmpty)
        #expect(bench.asked.allSatisfy { $0.count <= limit })
        #expect(bench.asked.count <= (125 + limit - 1) / limit + 1, "\(bench.lines)")
        #expect(bench.facts.count == 1)
        guard case .limit(.holdingRegister, let answered, let refused) = bench.board.facts.first?.kind else {
            Issue.record("no limit was learned")
            return
        }
        #expect(answered <= limit && limit < refused)
    }

    @Test func `P32: a device that is silent to long requests only gets short ones`() throws {
        let points = try registers(60) + registers(10, from: 200)
        var bench = try LearningBench(points, device: .init(longest: 50, tooLong: nil))
        bench.sweep(times: 60)
        #expect(bench.notGood.isEmpty)
        #expect(bench.asked.allSatisfy { $0.count <= 50 })
    }

    @Test func `P32: a device that calls itself broken for long requests only gets short ones`() throws {
        let points = try registers(60) + registers(10, from: 200)
        var bench = try LearningBench(points, device: .init(longest: 50, tooLong: 4))
        bench.sweep(times: 60)
        #expect(bench.notGood.isEmpty)
        #expect(bench.asked.allSatisfy { $0.count <= 50 })
    }

    @Test func `P32: a limit never makes a value unreadable that has to come whole`() throws {
        let points = try registers(20) + [point("text", at: 20, .string(.highByteFirst, registers: 30))]
        var bench = try LearningBench(points, device: .init(longest: 30))
        bench.sweep(times: 60)
        #expect(bench.notGood.isEmpty)
        #expect(bench.lines == ["holding 0+20", "holding 20+30"])
    }

    @Test func `P29, P32: a limit is put to the test after a day, and is gone if more is answered`() throws {
        var bench = try LearningBench(try registers(100), device: .init(longest: 50))
        bench.sweep(times: 60)
        #expect(bench.facts.count == 1)
        bench.sweep(after: .seconds(25 * 3_600))
        bench.sweep()
        #expect(bench.asked.contains { $0.count > 50 })
        bench.sweep(times: 20)
        #expect(bench.asked.allSatisfy { $0.count <= 50 })
        #expect(bench.board.facts.map(\.holds) == [.seconds(48 * 3_600)])
        bench.device.longest = 125
        bench.sweep(after: .seconds(49 * 3_600))
        bench.sweep(times: 2)
        #expect(bench.lines == ["holding 0+100"])
        #expect(bench.facts.isEmpty)
    }

    @Test func `a dead unit teaches no limit`() throws {
        let points = try registers(60) + registers(10, from: 200)
        var bench = try LearningBench(points)
        bench.device.longest = 0
        bench.device.tooLong = nil
        bench.sweep(times: 60)
        #expect(bench.facts.isEmpty)
        bench.device.longest = 125
        bench.sweep()
        #expect(bench.lines == ["holding 0+60", "holding 200+10"])
    }
}
