internal import Glibc
internal import Logging

/// Ends the process when stopping takes too long. What was read is in the journal, so nothing is lost by it.
enum ShutdownLimit {
    static func begin(_ limit: Duration) {
        // Detached because it must outlive the tasks whose end it guards.
        Task.detached {
            do { try await ContinuousClock().sleep(for: limit) } catch { return }
            Logger.current.warning("Stopping took too long; the process ends now, and the journal is complete")
            exit(0)
        }
    }
}
