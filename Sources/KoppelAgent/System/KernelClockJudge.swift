internal import CLinuxShims
internal import KoppelCore
internal import Synchronization

/// What the kernel says of its own clock, asked at most once a second.
final class KernelClockJudge: Sendable {
    struct Verdict: Sendable {
        var state: ClockState
        /// The largest error the kernel gives, in milliseconds; `nil` if it cannot tell.
        var errorMilliseconds: Double?
    }

    private struct Memory {
        var verdict: Verdict
        var asked: ContinuousClock.Instant
        var wasSynchronised: Bool
    }

    private let memory = Mutex<Memory?>(nil)

    var verdict: Verdict {
        memory.withLock { memory in
            if let memory, memory.asked.duration(to: .now) < .seconds(1) { return memory.verdict }
            var microseconds: Int64 = 0
            let answer = koppel_clock_state(&microseconds)
            let wasSynchronised = memory?.wasSynchronised ?? false
            let state: ClockState = answer == 1 ? .synchronised : wasSynchronised ? .holdover : .unsynchronised
            let verdict = Verdict(
                state: state, errorMilliseconds: answer == 1 ? Double(microseconds) / 1_000 : nil)
            memory = Memory(verdict: verdict, asked: .now, wasSynchronised: wasSynchronised || answer == 1)
            return verdict
        }
    }
}
