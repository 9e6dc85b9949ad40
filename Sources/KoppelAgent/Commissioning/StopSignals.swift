internal import UnixSignals

/// Ends work in order when Ctrl-C is pressed or SIGTERM comes.
package enum StopSignals {
    /// Runs `body` and cancels it at a signal, or after a time.
    ///
    /// Returns when the body has ended; it has to end soon after it is cancelled.
    package static func run(for limit: Duration? = nil, _ body: @escaping @Sendable () async -> Void) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { for await _ in signals { return } }
            if let limit {
                group.addTask {
                    // Cancelled means that the body has ended first.
                    do { try await ContinuousClock().sleep(for: limit) } catch { return }
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
