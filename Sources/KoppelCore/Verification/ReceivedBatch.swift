/// A batch message as a receiver reads it. Nothing here is used for sending.
package struct ReceivedBatch: Hashable, Sendable {
    package struct Sample: Hashable, Sendable {
        package var time: Timestamp
        /// Differs if time, value or status differ: what tells a repeat from a conflict.
        package var fingerprint: UInt64
        package var isBad: Bool

        package init(time: Timestamp, fingerprint: UInt64, isBad: Bool) {
            self.time = time
            self.fingerprint = fingerprint
            self.isBad = isBad
        }
    }

    package struct Series: Hashable, Sendable {
        package var signal: String
        /// Function and window of an aggregated series, as `mean PT15M`; empty for readings as they were taken.
        package var aggregate: String
        /// The number of the first sample; each one after it has the next.
        package var seq: UInt64
        package var samples: [Sample]

        package init(signal: String, aggregate: String = "", seq: UInt64, samples: [Sample]) {
            self.signal = signal
            self.aggregate = aggregate
            self.seq = seq
            self.samples = samples
        }
    }

    package var machine: String
    package var epoch: UInt32
    /// The agent sent it later than it could have, since the destination was away.
    package var isBuffered: Bool
    package var series: [Series]
    package var gaps: [ReceivedGap]

    package init(
        machine: String, epoch: UInt32, isBuffered: Bool = false, series: [Series], gaps: [ReceivedGap] = []
    ) {
        self.machine = machine
        self.epoch = epoch
        self.isBuffered = isBuffered
        self.series = series
        self.gaps = gaps
    }
}

/// A gap as it was declared to the receiver.
package struct ReceivedGap: Hashable, Sendable {
    package var signal: String
    package var from: Timestamp
    package var to: Timestamp
    /// `nil` if the message does not say.
    package var lost: UInt64?
    package var reason: String

    package init(signal: String, from: Timestamp, to: Timestamp, lost: UInt64?, reason: String) {
        self.signal = signal
        self.from = from
        self.to = to
        self.lost = lost
        self.reason = reason
    }

    /// Nothing was read and so no number was used: such a gap never explains a number that is missing.
    var leavesNumbersAlone: Bool { reason == GapReason.slotMissed.name }
}
