package import KoppelCore
internal import Synchronization

/// A way to the broker of another party through which nothing passes that is not looked at, counted and written down.
///
/// A message that is refused counts as settled, so that what is behind it moves on. One that cannot be written down
/// waits until it can.
package final class PolicedUplink<C: Clock>: Uplink where C.Duration == Duration {
    private let inner: any Uplink
    private let gate: DepartureGate<C>
    private let listener = Mutex<(@Sendable (UplinkEvent) -> Void)?>(nil)
    /// Counts down from the top, so that no token of the connection is the same.
    private let refusals = Atomic<UInt64>(.max)

    package init(_ inner: any Uplink, gate: DepartureGate<C>) {
        self.inner = inner
        self.gate = gate
    }

    package var executor: (any TaskExecutor)? { inner.executor }

    package func run(
        terms: @escaping @Sendable (_ connectWasSent: Bool) async -> UplinkTerms,
        onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError) {
        listener.withLock { $0 = onEvent }
        try await inner.run(terms: terms, onEvent: onEvent)
    }

    package func publish(_ message: OutgoingMessage) async throws(UplinkError) -> DeliveryToken {
        switch await gate.admits(message) {
        case nil:
            throw UplinkError(
                kind: .notConnected, destination: "", description: "The message was taken back while it waited.")
        case .some(false):
            let token = DeliveryToken(rawValue: refusals.wrappingSubtract(1, ordering: .relaxed).oldValue)
            listener.withLock { $0 }?(.acknowledged(token))
            return token
        case .some(true):
            do throws(UplinkError) {
                return try await inner.publish(message)
            } catch {
                await gate.failed(message, why: "connection-lost")
                throw error
            }
        }
    }
}
