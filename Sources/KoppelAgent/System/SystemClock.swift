internal import CLinuxShims
internal import Glibc
package import KoppelCore

extension WallClock {
    /// The clock of this machine, trusted as far as the kernel trusts it (adjtimex).
    ///
    /// The kernel's judgement is asked at most once a second: it is a system call, and the time is read for each
    /// answer of a machine.
    package static func system() -> WallClock {
        let judge = KernelClockJudge()
        return WallClock(
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)  // cannot fail for this clock
                return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
            },
            state: { judge.verdict.state },
            errorMilliseconds: { judge.verdict.errorMilliseconds })
    }
}
