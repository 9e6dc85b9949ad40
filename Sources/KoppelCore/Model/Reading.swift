/// One thing a signal said, or why it said nothing (data model 3.5).
///
/// (machine, signal, epoch, seq) identifies it for good; a receiver drops repeats by that key.
package struct Reading: Hashable, Sendable {
    package var signal: SignalNumber
    /// Why the quality is what it is.
    package var condition: Condition
    /// Rises by one per stored reading of this signal, from 1, within one epoch.
    package var seq: UInt64
    /// The middle between sending the request and having the whole answer.
    package var time: Timestamp
    /// `nil` exactly when the condition's quality is bad.
    package var value: Value?

    package init(signal: SignalNumber, condition: Condition, seq: UInt64, time: Timestamp, value: Value?) {
        self.signal = signal
        self.condition = condition
        self.seq = seq
        self.time = time
        self.value = value
    }
}

/// Readings that should be there and are not, declared: which signal, from when to when, how many, and why.
package struct Gap: Hashable, Sendable {
    package var signal: SignalNumber
    /// When the first missing reading was due, or was read.
    package var from: Timestamp
    /// When the last missing reading was due, or was read.
    package var to: Timestamp
    /// How many readings are missing.
    package var lost: UInt64
    package var reason: GapReason

    package init(signal: SignalNumber, from: Timestamp, to: Timestamp, lost: UInt64, reason: GapReason) {
        self.signal = signal
        self.from = from
        self.to = to
        self.lost = lost
        self.reason = reason
    }
}

/// Why readings are missing. The raw value is stored in the journal, the name travels in `gaps`.
package enum GapReason: UInt8, CaseIterable, Sendable {
    case agentStopped = 1
    case agentCrashed = 2
    /// The bus or the agent was too slow for the interval.
    case slotMissed = 3
    /// The journal reached its limit and dropped its oldest undelivered readings.
    case bufferOverflow = 4
    /// The journal's file was damaged and set aside.
    case journalDamaged = 5
    /// The disk refused to store.
    case diskFault = 6

    /// The kebab-case token of the data model.
    package var name: String {
        switch self {
        case .agentStopped: "agent-stopped"
        case .agentCrashed: "agent-crashed"
        case .slotMissed: "slot-missed"
        case .bufferOverflow: "buffer-overflow"
        case .journalDamaged: "journal-damaged"
        case .diskFault: "disk-fault"
        }
    }
}

/// What one machine gave in one sweep, and what it should have given and did not.
///
/// It is stored, dropped and delivered as a whole. A record holds at least one reading or occurrence, and gaps only
/// beside a reading (a batch of the data model has at least one series).
package struct SweepRecord: Hashable, Sendable {
    package var machine: MachineNumber
    /// The descriptor revision in force when it was read, from 1.
    package var rev: UInt32
    /// Whether the clock could be trusted that all times in the record were made with.
    package var clock: ClockState
    /// What that clock showed less the time since boot: with it the times can be put right once a trusted clock is
    /// there (field rule P53).
    package var offset: Duration
    /// In the order they were read; the readings of one signal in the order of their seq.
    package var readings: [Reading]
    package var gaps: [Gap]
    /// What happened besides, in order.
    package var occurrences: [Occurrence]

    package init(
        machine: MachineNumber, rev: UInt32, clock: ClockState, offset: Duration = .zero, readings: [Reading],
        gaps: [Gap] = [], occurrences: [Occurrence] = []
    ) {
        self.machine = machine
        self.rev = rev
        self.clock = clock
        self.offset = offset
        self.readings = readings
        self.gaps = gaps
        self.occurrences = occurrences
    }

    /// Moves every time in the record alike; saturates at the ends of the range.
    package mutating func moveTimes(by step: Duration) {
        guard step != .zero else { return }
        for index in readings.indices { readings[index].time = readings[index].time.advanced(by: step) }
        for index in gaps.indices {
            gaps[index].from = gaps[index].from.advanced(by: step)
            gaps[index].to = gaps[index].to.advanced(by: step)
        }
        for index in occurrences.indices { occurrences[index].moveTimes(by: step) }
    }

    /// Puts the times right that an unsynchronised clock gave, once it is known what the clock should have shown.
    ///
    /// The record says `holdover` from then on: its times come from a trusted clock, carried over by the time since
    /// boot. A reading stays as uncertain as it was stored.
    package mutating func correct(to trueOffset: Duration) {
        guard clock == .unsynchronised else { return }
        moveTimes(by: trueOffset - offset)
        offset = trueOffset
        clock = .holdover
    }
}
