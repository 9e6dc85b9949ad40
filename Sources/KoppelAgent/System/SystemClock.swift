internal import Glibc
package import KoppelCore

extension WallClock {
    /// The clocks of this machine: the time since boot, sleep included, which never jumps, and the wall clock, trusted
    /// as far as the kernel trusts it.
    package static func system() -> WallClock {
        let judge = KernelClockJudge()
        let anchor = judge.anchor.wholeNanoseconds
        return WallClock(
            now: {
                var time = timespec()
                clock_gettime(CLOCK_BOOTTIME, &time)  // cannot fail for this clock
                return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) + anchor)
            },
            anchor: judge.anchor, reading: { judge.reading })
    }
}
