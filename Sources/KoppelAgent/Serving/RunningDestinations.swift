internal import KoppelCore
internal import Logging

/// The destinations that are being served, each by a task that can be ended while the others go on.
struct RunningDestinations {
    private var tasks: [Identifier: Task<Void, Never>] = [:]

    /// Serves a destination as a task of the group, and so at most as long as the group lasts.
    mutating func start<Result>(
        _ destination: ServedDestination, in group: inout TaskGroup<Result?>
    ) where Result: Sendable {
        let task = Task {
            do {
                try await destination.run()
            } catch {
                Logger.current.error(
                    "A destination cannot be served",
                    metadata: ["destination": "\(destination.id)", "error": "\(error)"])
            }
        }
        tasks[destination.id] = task
        group.addTask {
            await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            return nil
        }
    }

    /// Ends a destination and waits until it has disconnected.
    mutating func stop(_ id: Identifier) async {
        guard let task = tasks.removeValue(forKey: id) else { return }
        task.cancel()
        await task.value
    }
}
