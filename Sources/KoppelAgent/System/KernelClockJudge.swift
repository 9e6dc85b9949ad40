internal import CLinuxShims
internal import Glibc
internal import KoppelCore
internal import Synchronization

/// Looks at the clocks of this machine and asks the kernel what it thinks of them: at most once a second, and at once
/// when the wall clock was set.
final class KernelClockJudge: Sendable {
    /// Both clocks at one moment.
    struct Look: Sendable {
        var sinceBoot: Duration
        /// What the wall clock showed less ``sinceBoot``.
        var offset: Duration
        /// How far from the truth ``offset`` may be, since the clocks cannot be read at the same instant.
        var uncertainty: Duration
    }

    private struct Memory {
        var judge = ClockJudge()
        var offset: Duration
        var verdict: (state: ClockState, errorMilliseconds: Double?)
        var asked: Duration
    }

    /// Smaller steps are taken for the noise of reading two clocks.
    private static let smallestStep = Duration.milliseconds(1)

    private let look: @Sendable () -> Look
    private let kernel: @Sendable () -> KernelClock
    /// What the wall clock showed less the time since boot when the agent began.
    let anchor: Duration
    private let memory: Mutex<Memory>

    init(
        look: @escaping @Sendable () -> Look = KernelClockJudge.lookAtClocks,
        kernel: @escaping @Sendable () -> KernelClock = KernelClockJudge.askKernel
    ) {
        self.look = look
        self.kernel = kernel
        let first = look()
        anchor = first.offset
        var judge = ClockJudge()
        let verdict = judge.judge(kernel(), offset: first.offset, sinceBoot: first.sinceBoot)
        memory = Mutex(Memory(judge: judge, offset: first.offset, verdict: verdict, asked: first.sinceBoot))
    }

    var reading: ClockReading {
        memory.withLock { memory in
            // Within the lock, so that an older look never follows a newer one.
            let now = look()
            let isSet = (now.offset - memory.offset).magnitude > max(now.uncertainty, Self.smallestStep)
            if isSet { memory.offset = now.offset }
            if isSet || now.sinceBoot - memory.asked >= .seconds(1) {
                memory.verdict = memory.judge.judge(kernel(), offset: memory.offset, sinceBoot: now.sinceBoot)
                memory.asked = now.sinceBoot
            }
            return ClockReading(
                state: memory.verdict.state, errorMilliseconds: memory.verdict.errorMilliseconds,
                offset: memory.offset, step: memory.offset - anchor)
        }
    }

    // MARK: This machine

    /// The wall clock, read between two looks at the time since boot.
    @Sendable static func lookAtClocks() -> Look {
        let before = read(CLOCK_BOOTTIME)
        let wall = read(CLOCK_REALTIME)
        let after = read(CLOCK_BOOTTIME)
        let offset = (wall - before - (after - before) / 2).wholeNanoseconds
        return Look(sinceBoot: after, offset: .nanoseconds(offset), uncertainty: after - before)
    }

    @Sendable static func askKernel() -> KernelClock {
        var microseconds: Int64 = 0
        // Where the kernel gives no answer (a sandbox), nobody vouches for the clock.
        let isSynchronised = koppel_clock_state(&microseconds) == 1
        return KernelClock(isSynchronised: isSynchronised, maximumErrorMilliseconds: Double(microseconds) / 1_000)
    }

    /// Neither clock can fail to be read.
    static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
