internal import Glibc
package import KoppelCore

/// What the journal takes from the world, so that tests can give it another one.
package struct JournalSurroundings: Sendable {
    package var clock: WallClock
    /// Time that passed since some moment in the past; never jumps, whatever the wall clock does.
    package var uptime: @Sendable () -> Duration
    /// Makes the urns.
    package var randomness: any RandomNumberGenerator & Sendable
    /// Free bytes for us on the volume of a path; `nil` if that cannot be known.
    package var freeBytes: @Sendable (String) -> Int?
    /// Changes with each start of the machine.
    package var bootID: String
    /// False on an isolated plant, whose clock counts as right although no time source vouches for it.
    package var doubtsClock: Bool

    /// The clock gives `lastAlive` and the issue time of revisions; `uptime`, the same clock's time since boot, the age
    /// of readings.
    package init(
        clock: WallClock, doubtsClock: Bool = true, uptime: @escaping @Sendable () -> Duration = Self.timeSinceBoot,
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        freeBytes: @escaping @Sendable (String) -> Int? = Self.freeBytesOfVolume, bootID: String? = nil
    ) {
        self.clock = clock
        self.doubtsClock = doubtsClock
        self.uptime = uptime
        self.randomness = randomness
        self.freeBytes = freeBytes
        self.bootID = bootID ?? Self.kernelBootID()
    }

    /// Time since the machine started, sleep included.
    @Sendable package static func timeSinceBoot() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// What statvfs says an ordinary user may still write.
    @Sendable package static func freeBytesOfVolume(_ path: String) -> Int? {
        var volume = statvfs()
        guard statvfs(path, &volume) == 0 else { return nil }
        return Int(clamping: UInt64(volume.f_bavail).multipliedReportingOverflow(by: UInt64(volume.f_frsize)).0)
    }

    /// Without /proc each start of the agent counts as a start of the machine, which only makes less of what is known.
    private static func kernelBootID() -> String {
        let text = (try? DataFile.read("/proc/sys/kernel/random/boot_id")) ?? ""  // see above
        let id = String(text.prefix { !$0.isWhitespace })
        return id.isEmpty ? "run-" + String(UInt64.random(in: 0 ... .max), radix: 16) : id
    }
}
