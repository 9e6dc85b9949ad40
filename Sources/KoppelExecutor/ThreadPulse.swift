internal import Synchronization

/// Shows from outside whether a thread of ours gets anywhere (fault A06).
///
/// A call of a C library that does not come back cannot be ended, but it can be seen: the thread is at the same job
/// look after look.
package final class ThreadPulse: Sendable {
    /// What the thread is called.
    package let name: String
    private let count = Atomic<UInt64>(0)

    init(name: String) { self.name = name }

    /// At the begin and at the end of each job.
    func beat() { count.wrappingAdd(1, ordering: .relaxed) }

    /// Changes with each job; odd while one runs.
    package var beats: UInt64 { count.load(ordering: .relaxed) }

    private struct Known {
        weak var pulse: ThreadPulse?
    }

    private static let known = Mutex<[Known]>([])

    /// Those of all threads that there are now.
    package static var all: [ThreadPulse] { known.withLock { $0.compactMap(\.pulse) } }

    /// Makes it one of ``all`` until it is released.
    func register() {
        Self.known.withLock { known in
            known.removeAll { $0.pulse == nil }
            known.append(Known(pulse: self))
        }
    }
}

/// Tells from looks at the pulses of threads which of them are stuck in one job, and for how long. A pure value.
package struct StuckThreads: Sendable {
    private struct Seen {
        var beats: UInt64
        var since: ContinuousClock.Instant
    }

    private var seen: [String: Seen] = [:]

    package init() {}

    /// Takes a look, to be called about once a second. `pulses` are the beats of each thread by its name.
    ///
    /// - Returns: The threads that were at work on one job at each look since, and how long that is.
    package mutating func look(_ pulses: [String: UInt64], at now: ContinuousClock.Instant) -> [String: Duration] {
        seen = pulses.reduce(into: [:]) { result, pulse in
            let before = seen[pulse.key]
            result[pulse.key] =
                before?.beats == pulse.value ? before : Seen(beats: pulse.value, since: now)
        }
        return seen.reduce(into: [:]) { result, one in
            guard !one.value.beats.isMultiple(of: 2) else { return }
            let time = now - one.value.since
            if time > .zero { result[one.key] = time }
        }
    }
}
