internal import KoppelCore
internal import KoppelExecutor
internal import Logging
internal import Synchronization

/// Watches the threads of the agent for one that does not come back from a call (fault A06): a stuck bus or destination
/// is told, and the others go on; a stuck journal is the end of all storing, so systemd is to hear of us no more.
final class ThreadWatch: Sendable {
    private struct State {
        var threads = StuckThreads()
        var stuck: [String: Duration] = [:]
        var told: Set<String> = []
    }

    /// Beyond what a thread may wait within one job: so long it is taken for busy and not for stuck.
    static let patience = Duration.seconds(5)
    /// Storing may hang on a slow disk for longer than others may hang (fault S06).
    private let journalPatience: Duration
    private let state = Mutex(State())

    /// - Parameter watchdog: How often systemd wants to hear from us, if it does.
    init(watchdog: Duration?) {
        journalPatience = max(Self.patience, (watchdog ?? .seconds(15)) * 2)
    }

    /// Looks at all threads once. `allowed` is how long the threads of buses may wait within one job for an answer.
    func look(allowed: [Identifier: Duration], at now: ContinuousClock.Instant = .now) {
        let pulses = Dictionary(ThreadPulse.all.map { ($0.name, $0.beats) }) { first, _ in first }
        let limits = Dictionary(allowed.map { ("bus \($0.key)", Self.patience + $0.value) }) { first, _ in first }
        let (begun, ended) = state.withLock { state in
            state.stuck = state.threads.look(pulses, at: now).filter { name, time in
                guard let limit = limits[name] ?? limit(of: name) else { return false }
                return time > limit
            }
            let names = Set(state.stuck.keys)
            defer { state.told = names }
            return (names.subtracting(state.told).sorted(), state.told.subtracting(names).sorted())
        }
        for name in begun {
            Logger.current.error(
                "A thread does not come back from a call; what it serves stands still, everything else goes on",
                metadata: ["thread": "\(name)"])
        }
        for name in ended { Logger.current.notice("A stuck thread goes on", metadata: ["thread": "\(name)"]) }
    }

    /// The dialler is left out: a name lookup may hang as long as it likes, and the destination says so itself.
    private func limit(of name: String) -> Duration? {
        if name == Self.journal { return journalPatience }
        return name.hasPrefix("mqtt ") ? Self.patience : nil
    }

    func isStuck(bus: Identifier) -> Bool { state.withLock { $0.stuck["bus \(bus)"] != nil } }

    func isStuck(destination: Identifier) -> Bool { state.withLock { $0.stuck["mqtt \(destination)"] != nil } }

    /// Nothing can be stored any more.
    var isCoreStuck: Bool { state.withLock { $0.stuck[Self.journal] != nil } }

    private static let journal = "journal write"
}
