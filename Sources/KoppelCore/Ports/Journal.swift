/// The place of a record in the journal. Rises with each stored record; 0 is before the first.
package struct JournalPosition: Hashable, Comparable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package static let start = JournalPosition(rawValue: 0)

    package static func < (left: JournalPosition, right: JournalPosition) -> Bool { left.rawValue < right.rawValue }
}

package struct StoredRecord: Hashable, Sendable {
    package var position: JournalPosition
    package var epoch: UInt32
    package var record: SweepRecord

    package init(position: JournalPosition, epoch: UInt32, record: SweepRecord) {
        self.position = position
        self.epoch = epoch
        self.record = record
    }
}

/// What the journal has to know of a machine before it takes its readings.
package struct MachineRegistration: Hashable, Sendable {
    package var id: Identifier
    /// The published signals; each gets a number once and keeps it.
    package var signals: [SignalName]
    /// Any text that changes exactly when the descriptor's content changes. A new text raises the revision.
    package var fingerprint: String

    package init(id: Identifier, signals: [SignalName], fingerprint: String) {
        self.id = id
        self.signals = signals
        self.fingerprint = fingerprint
    }
}

/// What the journal remembers of a machine.
package struct MachineRegister: Hashable, Sendable {
    package var number: MachineNumber
    /// `urn:uuid:` and a lower-case UUID, the same for good.
    package var urn: String
    /// From 1; rises when the fingerprint changed.
    package var rev: UInt32
    /// When this revision was first registered.
    package var issued: Timestamp
    /// In the order of the registration's signals.
    package var signals: [SignalNumber]
    /// In the order of the registration's signals.
    package var memories: [SignalMemory]
    /// State, alarms and the open window.
    package var machine: MachineMemory

    package init(
        number: MachineNumber, urn: String, rev: UInt32, issued: Timestamp, signals: [SignalNumber],
        memories: [SignalMemory], machine: MachineMemory = MachineMemory()
    ) {
        self.number = number
        self.urn = urn
        self.rev = rev
        self.issued = issued
        self.signals = signals
        self.memories = memories
        self.machine = machine
    }
}

/// The newest stored reading of a signal, which is all that counting on after a restart needs: its seq, and for a
/// counter its raw value, or for a counter's total the total.
package struct SignalMemory: Hashable, Sendable {
    /// 0 if nothing was ever stored in this epoch.
    package var seq: UInt64
    /// When the newest reading was taken, on the agent's own time; `nil` if nothing was ever stored, or nobody can say
    /// how long ago that was.
    package var time: Timestamp?
    /// The newest value that was not bad; `nil` if there is none.
    package var value: Value?
    /// When ``value`` was taken, as ``time``.
    package var valueTime: Timestamp?

    package init(seq: UInt64 = 0, time: Timestamp? = nil, value: Value? = nil, valueTime: Timestamp? = nil) {
        self.seq = seq
        self.time = time
        self.value = value
        self.valueTime = valueTime
    }
}

/// How the journal was found at start: what has to be declared before anything else is stored.
package struct JournalHistory: Hashable, Sendable {
    package enum LastEnd: Hashable, Sendable {
        /// There was no journal before.
        case first
        /// It was closed in order.
        case stopped
        /// The process or the machine ended without closing it.
        case crashed
        /// The file was damaged and set aside at this path; a new epoch began.
        case damaged(setAside: String)
    }

    package var lastEnd: LastEnd
    /// The last moment the journal is known to have been in use, on the agent's own time; `nil` at the first start, and
    /// if nobody can say how long ago that was: the machine was started since, and the clock is not to be trusted.
    package var lastAlive: Timestamp?
    /// The same moment on the wall clock, if that was right then.
    package var lastAliveOnWall: Timestamp?
    package var epoch: UInt32
    /// `urn:uuid:` of this agent, made once.
    package var agentURN: String

    package init(
        lastEnd: LastEnd, lastAlive: Timestamp?, lastAliveOnWall: Timestamp? = nil, epoch: UInt32, agentURN: String
    ) {
        self.lastEnd = lastEnd
        self.lastAlive = lastAlive
        self.lastAliveOnWall = lastAliveOnWall
        self.epoch = epoch
        self.agentURN = agentURN
    }
}

/// How full the journal is, for status and `journal info`.
package struct JournalState: Hashable, Sendable {
    package var bytes: Int
    /// Records and readings in the file, delivered or not.
    package var records: Int
    package var readings: Int
    package var oldest: Timestamp?
    package var newest: Timestamp?
    /// Readings dropped before delivery since the journal was made, each declared in a gap.
    package var dropped: UInt64
    package var end: JournalPosition

    package init(
        bytes: Int, records: Int, readings: Int, oldest: Timestamp?, newest: Timestamp?, dropped: UInt64,
        end: JournalPosition
    ) {
        self.bytes = bytes
        self.records = records
        self.readings = readings
        self.oldest = oldest
        self.newest = newest
        self.dropped = dropped
        self.end = end
    }
}

/// What a destination still has to get.
package struct JournalBacklog: Hashable, Sendable {
    package var readings: UInt64
    /// When the oldest of them was read; `nil` if there are none.
    package var oldest: Timestamp?

    package init(readings: UInt64 = 0, oldest: Timestamp? = nil) {
        self.readings = readings
        self.oldest = oldest
    }
}

/// The only queue: readings on disk between the machines and the destinations.
///
/// Invariants, which the conformance suite checks:
/// 1. What `append` returned for is found by `read` after any crash of the process (and of the machine, with
///    durability `power`), until every destination's cursor is past it or a limit dropped it.
/// 2. Records come back in the order they were appended, whole, with strictly rising positions.
/// 3. A record that is dropped undelivered is replaced by one that declares it, in its place.
/// 4. Memory of seq, counters and cursors is never older than the newest stored record.
/// 5. Times that an unsynchronised clock gave are put right with the first record of the same boot that a trusted clock
///    gave, once and for good: from then on each read gives the same corrected times, and `holdover` as the state.
package protocol Journal: Sendable {
    /// How it was found when it was opened.
    var history: JournalHistory { get }

    /// Makes a machine known; may be called again with other signals. At most 65,535 machines.
    func register(_ machine: MachineRegistration) async throws(JournalError) -> MachineRegister

    /// Keeps what consumers are told of a machine in its present revision, so that what is stored of it can still be
    /// delivered when it is no longer in the site file. At most 16 revisions a machine; the oldest go.
    func keep(_ description: MachineDescription) async throws(JournalError)

    /// What was kept of every machine there ever was in this journal, in the order of their numbers and revisions: those
    /// that are gone from the site file are described nowhere else.
    func descriptions() async throws(JournalError) -> [MachineDescription]

    /// Makes destinations known, each with its cursor, and forgets those not named. A new destination's cursor stands
    /// at the end: it gets what is stored from now on.
    func setDestinations(_ destinations: [Identifier]) async throws(JournalError)

    /// Stores records in one transaction, together with what waits in other calls (group commit).
    ///
    /// Returns when they are durable as `durability` promises.
    /// - Returns: The position of the last of them.
    func append(_ records: [SweepRecord]) async throws(JournalError) -> JournalPosition

    /// Records after a position, oldest first: at most `maximumReadings` readings, but at least one record if
    /// there is one.
    func read(after position: JournalPosition, maximumReadings: Int) async throws(JournalError) -> [StoredRecord]

    /// Waits until something is stored after the position. Returns at once if it is already, and early if the
    /// task is cancelled.
    func waitForRecords(after position: JournalPosition) async

    /// How many readings are stored and not yet read by the delivery that follows most closely; `nil` while none
    /// follows, since every destination is away or catching up.
    var liveBacklog: Int? { get }

    /// Where a destination has got to; `nil` if it is not known.
    func cursor(of destination: Identifier) async throws(JournalError) -> JournalPosition?

    /// Everything up to and including the position is acknowledged. Never moves back.
    func advance(_ destination: Identifier, to position: JournalPosition) async throws(JournalError)

    /// What is stored and not yet acknowledged by a destination. Its size is kept and not counted, so asking is cheap.
    func backlog(of destination: Identifier) async throws(JournalError) -> JournalBacklog

    /// Drops what every destination has, and what the limits (bytes, age, free space) no longer allow.
    func prune() async throws(JournalError)

    func state() async throws(JournalError) -> JournalState

    /// Stores that the journal was closed in order. Nothing may be called afterwards.
    func close() async throws(JournalError)
}

extension Journal {
    package var liveBacklog: Int? { nil }

    package func keep(_ description: MachineDescription) async throws(JournalError) {}
    package func descriptions() async throws(JournalError) -> [MachineDescription] { [] }
}

/// What went wrong with the journal, and what to do.
package struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The volume is full, or below its free-space floor.
        case full
        /// The volume or file cannot be written.
        case readOnly
        /// The file is not a sound database.
        case corrupt
        /// Written by a newer version; the version found.
        case newer(Int)
        /// Another process has it open; its process id if known.
        case inUse(pid: Int32?)
        /// The folder is missing or not ours to use.
        case folder
        /// The promise of `durability` cannot be kept: what was asked and what SQLite reports.
        case durability(asked: String, found: String)
        case other
    }

    package var kind: Kind
    package var path: String
    /// What happened, where, and what to do next, in a sentence.
    package var description: String

    package init(kind: Kind, path: String, description: String) {
        self.kind = kind
        self.path = path
        self.description = description
    }
}
