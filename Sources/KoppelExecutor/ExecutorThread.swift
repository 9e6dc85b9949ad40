internal import CLinuxShims
internal import Glibc
internal import Synchronization

/// The thread behind a ``ThreadExecutor``. It lives apart from the executor, so that the executor can be released
/// on this very thread.
final class ExecutorThread: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        /// Tasks that sleep. Few at a time, so that looking at all of them is cheap.
        var sleepers: [Sleeper] = []
        var nextSleeper: UInt64 = 0
        var watch: DescriptorWatch?
        var isSleeping = false
        var hasEnded = false
        var id: pthread_t?

        /// Whether the thread has to be woken; the first who asks does it for all.
        mutating func takeSleep() -> Bool {
            defer { isSleeping = false }
            return isSleeping
        }
    }

    private struct Sleeper {
        let id: UInt64
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    let name: String
    private let pulse: ThreadPulse
    private let wake: Int32
    private let state = Mutex(State())

    init(name: String) {
        self.name = name
        pulse = ThreadPulse(name: name)
        wake = koppel_eventfd()
        precondition(wake >= 0, "no descriptor left for the thread '\(name)' (errno \(-wake))")
    }

    deinit { close(wake) }

    var isCurrent: Bool {
        state.withLock { state in state.id.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    func add(_ job: UnownedJob) {
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            return state.takeSleep()
        }
        if mustWake { wakeUp() }
    }

    func setWatch(_ watch: DescriptorWatch?) { state.withLock { $0.watch = watch } }

    /// Lets the task sleep until the deadline; its thread wakes it, with no other thread in between.
    func sleep(until deadline: ContinuousClock.Instant) async throws {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, mustWake) = state.withLock { state in
                    // Asked with the lock held: a cancellation either shows here or finds the sleeper below.
                    if Task.isCancelled { return (true, false) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return (false, state.takeSleep())
                }
                if isCancelled { return continuation.resume(throwing: CancellationError()) }
                if mustWake { wakeUp() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    func end() {
        state.withLock { $0.hasEnded = true }
        wakeUp()
    }

    func begin(isolatedTo serial: UnownedSerialExecutor, on task: UnownedTaskExecutor) {
        let start = unsafe Unmanaged.passRetained(Start(thread: self, serial: serial, task: task))
        var id = pthread_t()
        let result = unsafe pthread_create(
            &id, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                unsafe start.thread.loop(start.serial, start.task)
                return nil
            }, unsafe start.toOpaque())
        precondition(result == 0, "no thread left for '\(name)' (errno \(result))")
        pthread_detach(id)
    }

    // @safe because the two references are used by the thread only, while the executor they name is alive: it
    // ends the thread before it goes.
    @safe private final class Start {
        let thread: ExecutorThread
        let serial: UnownedSerialExecutor
        let task: UnownedTaskExecutor

        init(thread: ExecutorThread, serial: UnownedSerialExecutor, task: UnownedTaskExecutor) {
            self.thread = thread
            unsafe self.serial = serial
            unsafe self.task = task
        }
    }

    /// So many rounds of jobs go by before descriptor and sleepers are looked at. A steady stream of jobs must not
    /// starve them.
    private static let patience = 8

    private func loop(_ serial: UnownedSerialExecutor, _ task: UnownedTaskExecutor) {
        state.withLock { $0.id = pthread_self() }
        pulse.register()
        _ = unsafe koppel_set_thread_name(name)  // a thread without its name works the same
        var batch: [UnownedJob] = []
        var rounds = 0
        while true {
            rounds += 1
            let isPatient = state.withLock { state in
                batch.removeAll(keepingCapacity: true)
                swap(&batch, &state.jobs)
                return !batch.isEmpty && rounds < Self.patience
            }
            for job in batch {
                pulse.beat()
                unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task)
                pulse.beat()
            }
            if isPatient { continue }
            rounds = 0
            let (watch, wakeTime, hasJobs, hasEnded) = state.withLock { state in
                state.isSleeping = state.jobs.isEmpty
                return (
                    state.watch, state.sleepers.lazy.map(\.deadline).min(), !state.jobs.isEmpty, state.hasEnded
                )
            }
            if hasEnded && !hasJobs { return }
            if hasJobs && watch == nil && wakeTime == nil { continue }
            sleep(watch, until: hasJobs ? .now : [watch?.deadline, wakeTime].lazy.compactMap { $0 }.min())
            if wakeTime != nil { wakeSleepers() }
        }
    }

    private func wakeSleepers() {
        let now = ContinuousClock.now
        let woken = state.withLock { state in
            var woken: [Sleeper] = []
            while let due = state.sleepers.firstIndex(where: { $0.deadline <= now }) {
                woken.append(state.sleepers.remove(at: due))
            }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    private func sleep(_ watch: DescriptorWatch?, until deadline: ContinuousClock.Instant?) {
        var limit: Int64 = -1
        if let deadline {
            let left = ContinuousClock.now.duration(to: deadline)
            limit =
                max(0, left.components.seconds) * 1_000_000_000 + max(0, left.components.attoseconds / 1_000_000_000)
        }
        let result = koppel_poll2(wake, watch?.descriptor ?? -1, watch?.wantsWrite == true ? 1 : 0, limit)
        state.withLock { $0.isSleeping = false }
        if result & 1 != 0 {
            var count: UInt64 = 0
            _ = unsafe read(wake, &count, 8)  // only resets the counter; nothing depends on the number
        }
        guard let watch else { return }
        let readiness = DescriptorWatch.Readiness(rawValue: result & 14)
        if !readiness.isEmpty || watch.deadline.map({ $0 <= .now }) == true {
            pulse.beat()
            watch.ready(readiness)
            pulse.beat()
        }
    }

    private func wakeUp() {
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)  // fails only when the counter is full, and then the thread is awake anyway
    }
}
