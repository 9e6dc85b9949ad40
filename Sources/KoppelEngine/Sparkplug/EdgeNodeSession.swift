package import KoppelCore

/// One edge node as its broker and its primary host see it: when it may speak, and under which number.
///
/// A rebirth is granted at most once per interval: what hosts ask for in between is answered together at the end of it,
/// and until then no data goes out. Times are monotonic, since any fixed start.
package struct EdgeNodeSession: Sendable {
    package enum Action: Hashable, Sendable {
        case none
        /// Births are due, as soon as ``waitForBirth(now:)`` says.
        case birth
        /// The primary host has gone: publish the death, disconnect, begin again.
        case leave
    }

    private enum Phase: Sendable { case away, waiting, born }

    package static let usualRebirthInterval = Duration.seconds(2)

    private let waitsForHost: Bool
    private let rebirthInterval: Duration
    private var phase = Phase.away
    private var isBirthDue = false
    private var lastBirth: Duration?
    private var seq: UInt8 = 0
    /// The newest time the primary host gave in this connection; its first message is always taken.
    private var hostTime: UInt64?

    package init(waitsForHost: Bool, rebirthInterval: Duration = usualRebirthInterval) {
        self.waitsForHost = waitsForHost
        self.rebirthInterval = rebirthInterval
    }

    package var isConnected: Bool { phase != .away }
    package var isWaitingForHost: Bool { phase == .waiting && waitsForHost && !isBirthDue }
    /// True while data may go out: everything is born, and nobody waits for a rebirth.
    package var mayTell: Bool { phase == .born && !isBirthDue }

    // MARK: What happens

    package mutating func connected() -> Action {
        phase = .waiting
        hostTime = nil
        // A new connection is born at once: only hosts can ask too often.
        lastBirth = nil
        isBirthDue = !waitsForHost
        return isBirthDue ? .birth : .none
    }

    package mutating func disconnected() {
        phase = .away
        isBirthDue = false
    }

    package mutating func heard(_ input: EdgeNodeInput) -> Action {
        switch input {
        case .write: return .none
        case .rebirth:
            guard phase == .born else { return .none }
            isBirthDue = true
            return .birth
        case .host(let isOnline, let time):
            guard waitsForHost, isConnected, time >= hostTime ?? 0 else { return .none }
            hostTime = time
            return isOnline ? hostIsThere() : hostIsGone()
        }
    }

    private mutating func hostIsThere() -> Action {
        guard phase == .waiting else { return .none }
        isBirthDue = true
        return .birth
    }

    /// A host that was not there when we came is waited for on this connection.
    private mutating func hostIsGone() -> Action {
        isBirthDue = false
        return phase == .born ? .leave : .none
    }

    // MARK: Births and numbers

    /// How long a due birth has to wait yet; `nil` if none is due.
    package func waitForBirth(now: Duration) -> Duration? {
        guard isBirthDue else { return nil }
        return max(.zero, (lastBirth.map { $0 + rebirthInterval } ?? now) - now)
    }

    /// Births begin: what is told next is the birth of the node, under number 0.
    package mutating func beginBirth(now: Duration) {
        phase = .born
        isBirthDue = false
        lastBirth = now
        seq = 0
    }

    /// The number of the next message.
    package var nextSeq: UInt8 { seq }

    /// The message with that number is on its way: 255 is followed by 0.
    package mutating func told() { seq &+= 1 }
}
