import KoppelAgent
import Testing

struct LineLimitTests {
    private let begin = ContinuousClock.now

    @Test func `A12: a sentence is said six times a minute, then counted, and the count is told`() {
        var limit = LineLimit()
        let minute = (0..<30).map { limit.admit("a unit is silent", at: begin + .seconds($0)) }
        #expect(minute == Array(repeating: 0, count: 6) + Array(repeating: nil, count: 24))
        let others = limit.admit("another sentence", at: begin + .seconds(30))
        #expect(others == 0)
        let next = limit.admit("a unit is silent", at: begin + .seconds(60))
        #expect(next == 24)
    }

    @Test func `however many different sentences there are, few are remembered, and none is lost`() {
        var limit = LineLimit()
        let said = (0..<10_000).map { limit.admit("sentence \($0)", at: begin) }
        #expect(said.allSatisfy { $0 == 0 })
    }
}
