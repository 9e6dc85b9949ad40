package import KoppelCore
internal import Synchronization

/// What a destination's delivery shows of itself. Anybody may look at any time; noting costs a lock nobody waits for.
package final class DeliveryGauge: Sendable {
    package struct Figures: Hashable, Sendable {
        package var isConnected = false
        /// When it was connected or disconnected last; `nil` if it never was connected.
        package var changed: Timestamp?
        /// The primary host it waits for, though it is connected.
        package var awaitedHost: String?
        /// Connections that broke or could not be made, since the agent began.
        package var failures: UInt64 = 0
        /// Why the last connection broke or could not be made.
        package var lastError: String?
        /// Messages the broker took.
        package var acknowledged: UInt64 = 0
        package var lastAcknowledged: Timestamp?
        /// Messages the broker refused, with the last reason code, and those set aside for good.
        package var refused: UInt64 = 0
        package var lastRefusal: Refusal?
        package var lastRefused: Timestamp?
        /// The topic of the last latest value, descriptor or status that was refused.
        package var refusedTopic: String?
        package var quarantined: UInt64 = 0
        /// What is still to be delivered, and when that was counted; `nil` before the first time.
        package var backlog: JournalBacklog?
        package var counted: Timestamp?
        /// How long catching up takes at the pace of the last count but one to the last; `nil` while it does not
        /// shrink, and when there is little to catch up.
        package var catchUp: Duration?
    }

    /// So few readings are always on their way.
    private static let least: UInt64 = 1_000

    private let held = Mutex(Figures())

    package init() {}

    package var figures: Figures { held.withLock { $0 } }

    func connected(at time: Timestamp) {
        held.withLock {
            $0.isConnected = true
            $0.changed = time
            $0.lastError = nil
        }
    }

    func disconnected(_ error: UplinkError, at time: Timestamp) {
        held.withLock {
            if $0.isConnected { $0.changed = time }
            $0.isConnected = false
            $0.awaitedHost = nil
            $0.failures += 1
            $0.lastError = error.description
            $0.catchUp = nil
        }
    }

    func waits(forHost host: String?) { held.withLock { $0.awaitedHost = host } }

    func acknowledged(at time: Timestamp) {
        held.withLock {
            $0.acknowledged += 1
            $0.lastAcknowledged = time
        }
    }

    /// `topic` is that of a message that is not history.
    func refused(_ refusal: Refusal, topic: String?, at time: Timestamp) {
        held.withLock {
            $0.refused += 1
            $0.lastRefusal = refusal
            $0.lastRefused = time
            if let topic { $0.refusedTopic = topic }
        }
    }

    func quarantined() { held.withLock { $0.quarantined += 1 } }

    /// The backlog was counted. `elapsed` is the time since the count before; `nil` if that says nothing of the pace.
    package func counted(_ backlog: JournalBacklog, at time: Timestamp, elapsed: Duration?) {
        held.withLock {
            $0.catchUp = nil
            if let elapsed, elapsed > .zero, let before = $0.backlog, backlog.readings > Self.least,
                backlog.readings < before.readings
            {
                let pace = Double(before.readings - backlog.readings) / elapsed.inSeconds
                $0.catchUp = .seconds(Double(backlog.readings) / pace)
            }
            $0.backlog = backlog
            $0.counted = time
        }
    }
}
