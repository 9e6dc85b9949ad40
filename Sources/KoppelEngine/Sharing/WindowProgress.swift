package import KoppelCore

/// How far the windows of one destination are: what is sent, and where the journal is read again after a crash.
///
/// It is stored before a window is sent (what it is made of) and after it was acknowledged (that it is done), so that
/// after a crash the same window is made of the same records again. One entry for each signal that holds a value.
package struct WindowProgress: Hashable, Sendable, Codable {
    /// What a signal said last, which holds on into the next window.
    package struct Held: Hashable, Sendable, Codable {
        package var machine: Int
        package var signal: UInt16
        /// Nanoseconds since 1970.
        package var time: Int64
        package var value: Double
        package var isGood: Bool
    }

    /// A window that was closed and is not acknowledged.
    package struct Closing: Hashable, Sendable, Codable {
        /// Nanoseconds since 1970.
        package var end: Int64
        /// The last record that was looked at for it.
        package var position: Int64
    }

    /// The journal's epoch, to which the positions belong.
    package var journalEpoch: UInt32
    /// Everything up to this record belongs to windows that are done.
    package var position: Int64
    /// The end of the newest window that is done, in nanoseconds since 1970; `nil` before the first.
    package var closedUntil: Int64?
    /// The last record that was looked at for it.
    package var closedAt: Int64
    /// What happened up to this record was sent.
    package var eventsUntil: Int64
    /// The length of a window in nanoseconds.
    package var length: Int64
    /// Rises when the numbers of the windows begin anew, since their length changed or the clock went back.
    package var epoch: UInt32
    package var held: [Held]
    package var closing: Closing?

    package init(journalEpoch: UInt32, position: Int64, length: Int64) {
        self.journalEpoch = journalEpoch
        self.position = position
        closedUntil = nil
        closedAt = position
        eventsUntil = position
        self.length = length
        epoch = 1
        held = []
    }

    /// The progress as it holds now: another journal begins at its cursor, another length begins other numbers, and so
    /// does a clock that was set back behind what is done.
    package func adapted(
        journalEpoch: UInt32, cursor: JournalPosition, length: Int64, wall: Timestamp
    ) -> WindowProgress {
        var result = self
        if journalEpoch != self.journalEpoch {
            result.journalEpoch = journalEpoch
            result.position = cursor.rawValue
            result.closedAt = cursor.rawValue
            result.eventsUntil = cursor.rawValue
            result.held = []
            result.closing = nil
        } else if cursor.rawValue > position {
            // What lay between was dropped from the journal, or belonged to another policy.
            result.position = cursor.rawValue
            result.held = closing == nil ? held : []
            result.closing = nil
            result.closedAt = max(closedAt, cursor.rawValue)
            result.eventsUntil = max(eventsUntil, cursor.rawValue)
        }
        let isAhead = closedUntil.map { $0 - length > wall.advanced(by: .seconds(3_600)).nanoseconds } ?? false
        if length != self.length || isAhead {
            result.length = length
            result.epoch += 1
            result.closing = nil
        }
        if isAhead {
            result.closedUntil = nil
            result.held = []
        }
        return result
    }
}

/// Where the progress of one destination is kept.
package protocol WindowMemory: Sendable {
    /// `nil` if nothing is kept, or it cannot be read any more.
    func load() -> WindowProgress?
    /// Returns when it is durable.
    func store(_ progress: WindowProgress) throws(AuditError)
}
