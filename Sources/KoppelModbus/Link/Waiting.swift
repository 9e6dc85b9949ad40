internal import CLinuxShims
internal import KoppelCore

/// Waiting for a descriptor with one deadline. Cancelling the task ends every wait within ``slice``.
enum Waiting {
    static let slice = Duration.milliseconds(100)

    /// True as soon as the descriptor can be read (or has failed, which the next read tells); false at the deadline.
    static func readable(_ descriptor: Int32, until deadline: ContinuousClock.Instant) throws(LinkFault) -> Bool {
        while true {
            // Looked at once even when the deadline has passed: what is there has come in time.
            let left = max(deadline - .now, .zero)
            let result = koppel_poll2(descriptor, -1, 0, min(left, slice).wholeNanoseconds)
            if result < 0 { throw .down(-result) }
            if result > 0 { return true }
            if left == .zero { return false }
            if Task.isCancelled { throw .cancelled }
        }
    }

    /// Waits until this moment.
    static func pause(until end: ContinuousClock.Instant) throws(LinkFault) {
        _ = try readable(-1, until: end)  // a descriptor of -1 is never readable
    }
}
