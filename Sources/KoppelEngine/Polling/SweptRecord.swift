package import KoppelCore

/// A record to store, and which of its readings do not change what those who watch live are told.
package struct SweptRecord: Sendable {
    package var record: SweepRecord
    /// Indexes in the record's readings, rising.
    package var momentary: [Int]
    /// What retained topics show of the time before this run; only with the first record of a run.
    package var retained: Retained?

    package init(record: SweepRecord, momentary: [Int] = []) {
        self.record = record
        self.momentary = momentary
    }

    package struct Retained: Sendable {
        /// The last change of each alarm there ever was.
        package var alarms: [AlarmChange]
        /// True if a state was told once, and there is none any more.
        package var clearsState: Bool

        package init(alarms: [AlarmChange] = [], clearsState: Bool = false) {
            self.alarms = alarms
            self.clearsState = clearsState
        }
    }
}
