internal import Glibc
internal import Logging

/// Ends the process when stopping takes too long. What was stored is in the journal, and the next start declares
/// what was not.
enum ShutdownLimit {
    static func begin(_ limit: Duration) {
        // Detached because it must outlive the tasks whose end it guards.
        Task.detached {
            do { try await ContinuousClock().sleep(for: limit) } catch { return }
            Logger.current.warning(
                "Stopping took too long; the process ends now, and the next start declares what is missing")
            _exit(0)  // without the exit handlers of libraries that other threads are in
        }
    }
}
