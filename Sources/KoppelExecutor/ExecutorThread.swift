internal import CLinuxShims
internal import Glibc
internal import Synchronization

/// The thread behind a ``ThreadExecutor``. It lives apart from the executor, so that the executor can be released
/// on this very thread.
final class ExecutorThread: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var watch: DescriptorWatch?
        var isSleeping = false
        var hasEnded = false
        var id: pthread_t?
    }

    let name: String
    private let wake: Int32
    private let state = Mutex(State())

    init(name: String) {
        self.name = name
        wake = koppel_eventfd()
        precondition(wake >= 0, "no descriptor left for the thread '\(name)' (errno \(-wake))")
    }

    deinit { close(wake) }

    var isCurrent: Bool {
        state.withLock { state in state.id.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    func add(_ job: UnownedJob) {
        let sleeps = state.withLock { state in
            state.jobs.append(job)
            return state.isSleeping
        }
        if sleeps { wakeUp() }
    }

    func setWatch(_ watch: DescriptorWatch?) { state.withLock { $0.watch = watch } }

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

    private func loop(_ serial: UnownedSerialExecutor, _ task: UnownedTaskExecutor) {
        state.withLock { $0.id = pthread_self() }
        _ = unsafe koppel_set_thread_name(name)  // a thread without its name works the same
        var batch: [UnownedJob] = []
        while true {
            let (watch, hasEnded) = state.withLock { state in
                batch.removeAll(keepingCapacity: true)
                swap(&batch, &state.jobs)
                state.isSleeping = batch.isEmpty
                return (state.watch, state.hasEnded)
            }
            if batch.isEmpty {
                if hasEnded { return }
                sleep(watch, forNothing: false)
            } else {
                for job in batch { unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
                // A steady stream of jobs must not starve the descriptor. A job may have replaced the watch or ended it,
                // so it is looked at again; after that nothing can, since only this thread sets it.
                if let watch = state.withLock({ $0.watch }) { sleep(watch, forNothing: true) }
            }
        }
    }

    private func sleep(_ watch: DescriptorWatch?, forNothing: Bool) {
        var limit: Int64 = forNothing ? 0 : -1
        if !forNothing, let deadline = watch?.deadline {
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
        if !readiness.isEmpty || watch.deadline.map({ $0 <= .now }) == true { watch.ready(readiness) }
    }

    private func wakeUp() {
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)  // fails only when the counter is full, and then the thread is awake anyway
    }
}
