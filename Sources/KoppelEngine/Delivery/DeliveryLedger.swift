package import KoppelCore

/// Knows which stretch of the journal each message in flight belongs to, and so how far the cursor may move.
///
/// A stretch is done when every message made from it is settled (acknowledged, or set aside for good). The cursor
/// moves to the end of the last stretch before which everything is done. Bounded by the window of the destination:
/// one entry a message in flight, plus one a stretch.
package struct DeliveryLedger: Sendable {
    private struct Stretch {
        let number: UInt64
        let end: JournalPosition
        var openMessages: Int
    }

    private var stretches: [Stretch] = []
    private var nextNumber: UInt64 = 0
    private var owners: [DeliveryToken: UInt64] = [:]
    /// Acknowledged before the sender was told the token.
    private var early: Set<DeliveryToken> = []

    package init() {}

    /// Messages handed over and not settled.
    package var inFlight: Int { owners.count }

    /// Opens a stretch that ends at `end` and is made into so many messages.
    ///
    /// - Returns: Its number, and the new cursor if the stretch needed no message at all.
    package mutating func open(end: JournalPosition, messages: Int) -> (number: UInt64, cursor: JournalPosition?) {
        defer { nextNumber += 1 }
        stretches.append(Stretch(number: nextNumber, end: end, openMessages: messages))
        return (nextNumber, cursorOfDoneStretches())
    }

    /// A message of a stretch was handed over under this token.
    ///
    /// - Returns: The new cursor, if the acknowledgement came first and completed the stretch.
    package mutating func handedOver(_ token: DeliveryToken, of stretch: UInt64) -> JournalPosition? {
        owners[token] = stretch
        guard early.remove(token) != nil else { return nil }
        return settled(token)
    }

    /// True if the message was handed over and is not settled.
    package func isOpen(_ token: DeliveryToken) -> Bool { owners[token] != nil }

    /// The message is acknowledged or set aside. A token of a message that belongs to no stretch changes nothing.
    ///
    /// - Returns: The new cursor if it moves.
    package mutating func settled(_ token: DeliveryToken) -> JournalPosition? {
        guard let number = owners.removeValue(forKey: token) else {
            early.insert(token)
            return nil
        }
        return settledOne(of: number)
    }

    /// Drops an acknowledgement that came before its hand-over and belongs to no stretch after all.
    ///
    /// - Returns: True if there was one.
    package mutating func forgetEarly(_ token: DeliveryToken) -> Bool { early.remove(token) != nil }

    /// A message of a stretch needed no hand-over, or was set aside before it.
    package mutating func settledOne(of number: UInt64) -> JournalPosition? {
        guard let index = stretches.firstIndex(where: { $0.number == number }) else { return nil }
        stretches[index].openMessages -= 1
        return cursorOfDoneStretches()
    }

    /// One more message is made from the stretch than was said when it was opened.
    package mutating func grow(_ number: UInt64) {
        guard let index = stretches.firstIndex(where: { $0.number == number }) else { return }
        stretches[index].openMessages += 1
    }

    /// True until everything of a stretch, and of those before it, is settled.
    package func holds(_ number: UInt64) -> Bool { stretches.contains { $0.number == number } }

    /// Forgets all that is in flight, after the connection broke: it is sent again from the cursor.
    package mutating func reset() {
        stretches.removeAll()
        owners.removeAll()
        early.removeAll()
    }

    private mutating func cursorOfDoneStretches() -> JournalPosition? {
        var cursor: JournalPosition?
        while let first = stretches.first, first.openMessages <= 0 {
            cursor = first.end
            stretches.removeFirst()
        }
        return cursor
    }
}
