import KoppelCore
import Testing

@testable import KoppelEngine

/// The small values behind a bus: breaker of a unit, state of the link, pauses.
struct LinkHealthTests {
    @Test func `P01: after three failures a unit is asked at 1, 2, 4, 8 and then each 10 s`() {
        var breaker = UnitBreaker()
        var asked: [Int] = []
        for second in 0..<60 where breaker.mayAsk(now: .seconds(second)) {
            asked.append(second)
            let edge = breaker.failed(.gatewayTarget, now: .seconds(second))
            #expect(edge == (asked.count == 3 ? .wentSilent : .none))
        }
        #expect(asked == [0, 1, 2, 3, 5, 9, 17, 27, 37, 47, 57])
        #expect(breaker.condition == .gatewayTarget)
        #expect(breaker.answered() == .answersAgain(missed: 11))
        #expect(breaker.answered() == .none)
        #expect(breaker.mayAsk(now: .seconds(58)))
    }

    @Test func `an answer in between starts the count anew`() {
        var breaker = UnitBreaker()
        for second in 0..<30 {
            #expect(breaker.failed(now: .seconds(second)) == .none)
            #expect(breaker.failed(now: .seconds(second)) == .none)
            #expect(breaker.answered() == .none)
        }
        #expect(!breaker.isSilent)
    }

    @Test func `pauses double up to the longest, each with its share of chance`() {
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(10))
        let full = (0..<7).map { _ in backoff.pause(jitter: 1).inSeconds }
        #expect(full == [0.5, 1, 2, 4, 8, 10, 10])
        #expect(backoff.pause(jitter: 0.5) == .seconds(5))
        backoff.reset()
        #expect(backoff.pause(jitter: 1) == .milliseconds(500))
    }

    @Test func `P44: a connection is no answer: pauses grow, and only the first failure is news`() {
        let error = BusError(kind: .linkDown(errno: 104), bus: "hall", request: nil, elapsed: .zero)
        var link = LinkState()
        var attempts: [Double] = []
        var news = 0
        for _ in 0..<6 {
            let now = link.nextAttempt
            attempts.append(now.inSeconds)
            link.opened()
            #expect(link.isOpen)
            if link.failed(error, now: now, jitter: 1) == .gone { news += 1 }
            #expect(!link.isOpen)
        }
        #expect(attempts == [0, 0.5, 1.5, 3.5, 7.5, 15.5])
        #expect(news == 1)
        link.opened()
        #expect(link.answered() == 6)
        #expect(link.answered() == nil)
        #expect(link.failed(error, now: .seconds(100), jitter: 1) == .none)
        #expect(link.nextAttempt == .seconds(100), "a connection that worked is renewed at once")
        link.opened()
        #expect(link.failed(error, now: .seconds(101), jitter: 1) == .gone)
        #expect(link.nextAttempt == .seconds(101) + .milliseconds(500))
    }

    @Test func `F10: a connection that breaks again and again is news once, until a minute without a break`() {
        let error = BusError(kind: .linkDown(errno: 104), bus: "hall", request: nil, elapsed: .zero)
        var link = LinkState()
        var edges: [LinkState.Edge] = []
        for second in [0, 1, 2, 3, 4, 5, 6, 70, 71, 72, 73, 74, 75, 200, 220, 240, 260, 280] {
            link.opened()
            #expect(link.answered() == nil)
            edges.append(link.failed(error, now: .seconds(second), jitter: 1))
            #expect(link.nextAttempt == .seconds(second))
            #expect(link.brokeWhileWorking)
        }
        #expect(edges.indices.filter { edges[$0] == .breaks } == [4, 11])
    }
}
