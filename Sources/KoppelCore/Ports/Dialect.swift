/// How readings become messages for one destination. Pure: it knows no clock and no connection.
///
/// A dialect is made for one configuration: the machines it knows do not change in its lifetime.
package protocol Dialect: Sendable {
    /// The last will of a session: the agent is offline.
    func will(session: String) -> OutgoingMessage

    /// What goes out first after each connect, in this order: status, then a descriptor per machine.
    func birth(_ status: AgentStatus) -> [OutgoingMessage]

    /// What is told of the machines besides, large and of no hurry: the message at an index from 0, made when it is asked
    /// for, and `nil` after the last. What nothing refers to any more at that moment clears its topic.
    func extra(at index: Int, _ moment: ReferenceMoment) -> OutgoingMessage?

    /// The topics that nothing refers to any more at that moment, of what ``extra(at:_:)`` told before.
    func outdated(_ moment: ReferenceMoment) -> [String]

    /// The status alone, when it changed while connected.
    func status(_ status: AgentStatus) -> OutgoingMessage

    /// The latest reading of a signal, retained; `nil` if the signal is not known to this dialect any more.
    ///
    /// `last` is the newest value that was not bad, shown beside a bad reading.
    func latest(_ reading: Reading, of machine: MachineNumber, rev: UInt32, epoch: UInt32, last: LastValue?)
        -> OutgoingMessage?

    /// The latest state of a machine, retained; `nil` as the state clears what was retained. No message if the machine
    /// is not known to this dialect any more.
    func latest(_ state: MachineState?, of machine: MachineNumber, rev: UInt32, epoch: UInt32) -> OutgoingMessage?

    /// An alarm, retained while it is active; one that has gone clears what was retained. No message if the machine is
    /// not known to this dialect any more.
    func latest(_ alarm: AlarmChange, of machine: MachineNumber, rev: UInt32) -> OutgoingMessage?

    /// What happened, as one message of the history; the same occurrence always gives the same message. `nil` if there
    /// is nothing to tell of it, or the machine is not known to this dialect any more.
    func event(_ occurrence: Occurrence, of machine: MachineNumber, rev: UInt32, epoch: UInt32) -> OutgoingMessage?

    /// History of one machine, in order, as one message; `nil` if the machine is not known to this dialect any more.
    ///
    /// There is at least one record, and all are of the same machine, epoch, revision and clock state. `buffered` is
    /// true if they waited in the journal while the uplink was away.
    func batch(_ records: [StoredRecord], buffered: Bool) -> OutgoingMessage?

    /// The figures of one window of one machine as one message; `nil` if the machine is not known to this dialect, or
    /// it has no form for figures.
    func figures(_ figures: WindowFigures) -> OutgoingMessage?

    /// What of a stretch of the journal is meant for this destination, in order: that is all that history is made of.
    func visible(_ stretch: [StoredRecord]) -> [StoredRecord]

    /// What of the status is meant for this destination.
    func visible(_ status: AgentStatus) -> AgentStatus
}

extension Dialect {
    package func figures(_ figures: WindowFigures) -> OutgoingMessage? { nil }
    package func visible(_ stretch: [StoredRecord]) -> [StoredRecord] { stretch }
    package func visible(_ status: AgentStatus) -> AgentStatus { status }
}

extension Dialect {
    package func extra(at index: Int, _ moment: ReferenceMoment) -> OutgoingMessage? { nil }
    package func outdated(_ moment: ReferenceMoment) -> [String] { [] }
}

/// A moment, as far as it matters to what still refers to something old.
package struct ReferenceMoment: Hashable, Sendable {
    package var now: Timestamp
    /// The oldest reading this destination has not acknowledged; `nil` if it has all.
    package var oldestPending: Timestamp?

    package init(now: Timestamp, oldestPending: Timestamp?) {
        self.now = now
        self.oldestPending = oldestPending
    }
}

/// The newest value of a signal that was not bad.
package struct LastValue: Hashable, Sendable {
    package var value: Value
    package var time: Timestamp

    package init(value: Value, time: Timestamp) {
        self.value = value
        self.time = time
    }
}

/// The agent's status while it is online (data model 3.12 f).
package struct AgentStatus: Hashable, Sendable {
    /// `urn:uuid:` made at each start of the process; matches the will to the birth it ends.
    package var session: String
    package var since: Timestamp
    package var clock: ClockState
    /// The estimated error of the clock in milliseconds, if the system tells.
    package var clockErrorMilliseconds: Double?
    /// Readings stored and not yet acknowledged by this destination; `nil` if the journal cannot tell, and then nothing
    /// is said of the buffer.
    package var pending: UInt64?
    package var oldestPending: Timestamp?
    package var dropped: UInt64

    package init(
        session: String, since: Timestamp, clock: ClockState, clockErrorMilliseconds: Double? = nil,
        pending: UInt64? = 0, oldestPending: Timestamp? = nil, dropped: UInt64 = 0
    ) {
        self.session = session
        self.since = since
        self.clock = clock
        self.clockErrorMilliseconds = clockErrorMilliseconds
        self.pending = pending
        self.oldestPending = oldestPending
        self.dropped = dropped
    }
}
