internal import KoppelCore
internal import Synchronization

/// What the connection tells an edge node, until it is taken.
///
/// Bounded: an outcome a message in flight, the edges of connections, and at most 64 messages from outside, of which
/// the oldest goes first.
final class EdgeNodeMailbox: Sendable {
    private struct State {
        var events: [UplinkEvent] = []
        var received = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private static let mostReceived = 64

    private let state = Mutex(State())

    func put(_ event: UplinkEvent) {
        state.withLock { state in
            if case .received = event {
                if state.received == Self.mostReceived {
                    let oldest = state.events.firstIndex { if case .received = $0 { true } else { false } }
                    if let oldest { state.events.remove(at: oldest) }
                } else {
                    state.received += 1
                }
            }
            state.events.append(event)
            return Self.waiter(&state)
        }?.resume()
    }

    /// What has come since the last call, in order.
    func take() -> [UplinkEvent] {
        state.withLock { state in
            defer { (state.events, state.received) = ([], 0) }
            return state.events
        }
    }

    /// True if what waits to be taken says that the connection is gone, whatever came after it.
    var hasBroken: Bool {
        state.withLock { $0.events.contains { if case .disconnected = $0 { true } else { false } } }
    }

    /// Waits until there is something to take, or the task is cancelled. One task waits at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.events.isEmpty, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { Self.waiter(&$0) }?.resume()
        }
    }

    private static func waiter(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        defer { state.waiter = nil }
        return state.waiter
    }
}
