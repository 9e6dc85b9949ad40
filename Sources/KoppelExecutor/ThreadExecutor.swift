internal import CLinuxShims
internal import Glibc
internal import Synchronization

/// A named thread that runs one actor, so that a blocking C call holds up nobody else.
///
/// The shared pool has as many threads as cores; one blocking call on it delays every task of the process. Give
/// each blocking handle an actor with an executor of its own:
///
/// ```swift
/// actor SerialBus {
///     private nonisolated let thread = ThreadExecutor(name: "bus hall-2")
///     nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
/// }
/// ```
///
/// It can also watch one descriptor between jobs (``watch(_:)``). The thread ends when the executor is released; a
/// call that blocks at that moment is not waited for.
package final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let thread: ExecutorThread

    /// - Parameter name: What `top -H` shows; Linux keeps the first 15 bytes.
    package init(name: String) {
        thread = ExecutorThread(name: name)
        unsafe thread.begin(
            isolatedTo: UnownedSerialExecutor(ordinary: self), on: UnownedTaskExecutor(ordinary: self))
    }

    deinit { thread.end() }

    package func enqueue(_ job: consuming ExecutorJob) {
        thread.add(UnownedJob(job))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }

    package func isIsolatingCurrentContext() -> Bool? { thread.isCurrent }

    package func checkIsolated() {
        precondition(thread.isCurrent, "code that belongs to the thread '\(thread.name)' ran elsewhere")
    }

    func sleep(until deadline: ContinuousClock.Instant) async throws { try await thread.sleep(until: deadline) }

    /// Calls `ready` on this thread whenever the descriptor is ready or the deadline has passed, between jobs.
    ///
    /// One descriptor at a time; a new watch replaces the old one, `nil` ends it. Call it on this thread only.
    package func watch(_ watch: DescriptorWatch?) {
        checkIsolated()
        thread.setWatch(watch)
    }
}

/// A descriptor to wait for, and until when.
package struct DescriptorWatch: Sendable {
    /// What became true.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let readable = Readiness(rawValue: 2)
        package static let writable = Readiness(rawValue: 4)
        package static let failed = Readiness(rawValue: 8)
    }

    /// A negative descriptor waits for the deadline only.
    package var descriptor: Int32
    package var wantsWrite: Bool
    /// When to call even if nothing happened; `nil` waits for ever.
    package var deadline: ContinuousClock.Instant?
    /// Runs on the executor's thread; empty readiness means that the deadline passed. The watch stays in force until it
    /// is replaced, so a deadline that is not moved is called again at once.
    package var ready: @Sendable (Readiness) -> Void

    package init(
        descriptor: Int32, wantsWrite: Bool = false, deadline: ContinuousClock.Instant? = nil,
        ready: @escaping @Sendable (Readiness) -> Void
    ) {
        self.descriptor = descriptor
        self.wantsWrite = wantsWrite
        self.deadline = deadline
        self.ready = ready
    }
}
