import Glibc
import KoppelExecutor
import Synchronization
import Testing

struct StuckThreadsTests {
    private let begin = ContinuousClock.now

    @Test func `A06: a thread at the same job at each look is stuck, one at rest or at another job is not`() {
        var threads = StuckThreads()
        for second in UInt64(0)...10 {
            let stuck = threads.look(
                ["hangs": 7, "rests": 8, "works": 2 * second + 1], at: begin + .seconds(Double(second)))
            #expect(stuck == (second == 0 ? [:] : ["hangs": .seconds(Double(second))]))
        }
        #expect(threads.look(["hangs": 8], at: begin + .seconds(11)).isEmpty)
        #expect(threads.look(["hangs": 9], at: begin + .seconds(12)).isEmpty)
    }

    @Test func `A06: the pulse of a thread shows that a call does not come back`() async throws {
        let thread = ThreadExecutor(name: "stuck thread test")
        let entered = Mutex(false)
        let leave = Mutex(false)
        let pulse = { ThreadPulse.all.first { $0.name == "stuck thread test" }?.beats }
        let task = Task(executorPreference: thread) {
            entered.withLock { $0 = true }
            // The call that hangs: it has to block this thread, which is its own, and hurts nobody else.
            while !leave.withLock({ $0 }) { usleep(1_000) }
        }
        while !entered.withLock({ $0 }) { await Task.yield() }
        let first = try #require(pulse())
        #expect(!first.isMultiple(of: 2))
        for _ in 0..<100 { await Task.yield() }
        #expect(pulse() == first)
        leave.withLock { $0 = true }
        await task.value
        while pulse() == first { await Task.yield() }
    }
}
