internal import KoppelCore

/// Decides how old readings may be, without believing a clock that jumps (D07).
///
/// Age counts from the first moment the clock was synchronised, and from then on by uptime: if the wall clock jumps
/// ten years ahead, the time that counts goes on as before. Without a synchronised clock nothing is too old; the limit
/// in bytes still holds.
struct AgeClock {
    private let keep: Duration
    private var reference: (wall: Timestamp, uptime: Duration)?

    init(keep: Duration) { self.keep = keep }

    /// Readings from before this moment are too old; `nil` if that cannot be said.
    mutating func oldestKept(clock: WallClock, uptime: Duration) -> Timestamp? {
        guard clock.state == .synchronised else { return nil }
        let now = clock.now
        let reference = self.reference ?? (now, uptime)
        self.reference = reference
        // An hour for what a clock may drift and be corrected in the life of a process.
        let latest = reference.wall.advanced(by: uptime - reference.uptime + .seconds(3_600))
        return min(now, latest).advanced(by: .zero - keep)
    }
}
