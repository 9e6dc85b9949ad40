internal import Synchronization

/// A clock that stands still until a test moves it, or lets it run from sleep to sleep.
package final class ManualClock: Clock {
    package struct Instant: InstantProtocol {
        /// Since the clock was made.
        package var offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var deadline: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var next = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Those who wait for sleepers.
        var waiters: [Int: Waiter] = [:]
        var cancelled: Set<Int> = []
        var runsUntil: Duration?

        mutating func takeServedWaiters() -> [Waiter] {
            let served = waiters.filter { $0.value.count <= sleepers.count }
            for id in served.keys { waiters[id] = nil }
            return Array(served.values)
        }
    }

    private struct Waiter {
        var count: Int
        var continuation: CheckedContinuation<Bool, Never>
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { Instant(offset: state.withLock { $0.now }) }
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// When the first sleeper wakes; `nil` if nobody sleeps.
    package var nextDeadline: Duration? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

    /// Moves time on and wakes whom that is late enough for.
    package func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Lets time jump to the end of each sleep at once, as long as that is not after `end`; who sleeps longer waits. For
    /// one task alone on its clock, whose hours then pass in moments.
    package func letRun(until end: Duration) { state.withLock { $0.runsUntil = end } }

    /// Waits until so many tasks sleep on this clock.
    ///
    /// - Returns: False if that was not so within 10 s of real time.
    package func waitForSleepers(_ count: Int = 1) async -> Bool {
        if state.withLock({ $0.sleepers.count >= count }) { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.suspend(untilSleepers: count) }
            group.addTask {
                // Only cancelling ends it early, and then nobody waits for the answer any more.
                try? await ContinuousClock().sleep(for: .seconds(10))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func suspend(untilSleepers count: Int) async -> Bool {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.sleepers.count >= count { return true }
                    state.waiters[id] = Waiter(count: count, continuation: continuation)
                    return nil
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.continuation.resume(returning: false)
        }
    }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                var served: [Waiter] = []
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline.offset <= state.now { return .success(()) }
                    if let end = state.runsUntil, deadline.offset <= end {
                        state.now = deadline.offset
                        return .success(())
                    }
                    state.sleepers[id] = Sleeper(deadline: deadline.offset, continuation: continuation)
                    served = state.takeServedWaiters()
                    return nil
                }
                for waiter in served { waiter.continuation.resume(returning: true) }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
