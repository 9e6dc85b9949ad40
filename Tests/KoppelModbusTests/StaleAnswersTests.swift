import KoppelCore
import Testing

@testable import KoppelModbus

struct StaleAnswersTests {
    private let begin = ContinuousClock.now
    private let timeout = Duration.milliseconds(200)

    private func request(_ count: Int, table: RegisterTable = .holdingRegister, unit: UInt8 = 1, start: UInt16 = 0)
        throws -> ReadRequest
    {
        try #require(ReadRequest(unit: UnitID(unit), table: table, start: start, count: count))
    }

    @Test func `nothing is asked differently while everything is answered`() throws {
        var stale = StaleAnswers()
        #expect(stale.advice(for: try request(2), at: begin) == .asIs)
    }

    @Test func `R07: after silence the same question is asked wider, and others as they are`() throws {
        var stale = StaleAnswers()
        stale.unanswered(try request(2), asked: 2, timeout: timeout, at: begin)
        #expect(stale.advice(for: try request(2, start: 8), at: begin) == .widened(to: 3))
        #expect(stale.advice(for: try request(3), at: begin) == .asIs)
        #expect(stale.advice(for: try request(2, unit: 2), at: begin) == .asIs)
        #expect(stale.advice(for: try request(2, table: .inputRegister), at: begin) == .asIs)
    }

    @Test func `R07: bits are widened by a whole byte`() throws {
        var stale = StaleAnswers()
        stale.unanswered(try request(3, table: .coil), asked: 3, timeout: timeout, at: begin)
        #expect(stale.advice(for: try request(3, table: .coil), at: begin) == .widened(to: 11))
        #expect(stale.advice(for: try request(8, table: .coil), at: begin) == .widened(to: 16))
    }

    @Test func `R07: a question that cannot be wider waits until the slowest answer has passed`() throws {
        var stale = StaleAnswers()
        stale.unanswered(try request(125), asked: 125, timeout: timeout, at: begin)
        #expect(stale.advice(for: try request(125), at: begin) == .asIsAfter(begin + timeout * 3))
        #expect(stale.advice(for: try request(125), at: begin + timeout * 3) == .asIs)
    }

    @Test func `a unit that is silent to wider questions is asked plainly again`() throws {
        var stale = StaleAnswers()
        stale.unanswered(try request(2), asked: 2, timeout: timeout, at: begin)
        stale.unanswered(try request(2), asked: 3, timeout: timeout, at: begin)
        #expect(stale.advice(for: try request(2), at: begin) == .asIsAfter(begin + timeout * 3))
    }

    @Test func `a unit without the next register is asked plainly, after silence`() throws {
        var stale = StaleAnswers()
        stale.unanswered(try request(2), asked: 2, timeout: timeout, at: begin)
        stale.cannotWiden(try request(2))
        #expect(stale.advice(for: try request(2), at: begin) == .asIsAfter(begin + timeout * 3))
    }

    @Test func `after a while all is forgotten, and the memory is bounded`() throws {
        var stale = StaleAnswers()
        for count in 1...125 { stale.unanswered(try request(count), asked: count, timeout: timeout, at: begin) }
        #expect(stale.advice(for: try request(1), at: begin) == .asIs)
        #expect(stale.advice(for: try request(125), at: begin) != .asIs)
        #expect(stale.advice(for: try request(125), at: begin + .seconds(5)) == .asIs)
    }
}
