internal import KoppelCore
internal import Synchronization

/// Where calls of `append` leave their records for the next commit. Bounded by its callers: each waits for its own.
final class AppendQueue: Sendable {
    struct Request: Sendable {
        var number: UInt64
        var records: [SweepRecord]
    }

    private struct State {
        var last: UInt64 = 0
        var waiting: [Request] = []
    }

    private let state = Mutex(State())

    /// - Returns: The number under which the outcome is kept.
    func add(_ records: [SweepRecord]) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.waiting.append(Request(number: state.last, records: records))
            return state.last
        }
    }

    func takeAll() -> [Request] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
