/// What one machine did in one window of time: the inputs of OEE figures (data model 3.8 and 3.9).
package struct MachineWindow: Hashable, Sendable {
    /// How long a state lasted within the window.
    package struct Share: Hashable, Sendable {
        package var what: StateRule.MappedState
        package var nanoseconds: Int64

        package init(what: StateRule.MappedState, nanoseconds: Int64) {
            self.what = what
            self.nanoseconds = nanoseconds
        }
    }

    /// A count or an amount of energy within the window.
    package struct Amount: Hashable, Sendable {
        /// `all`, `good`, `bad` or `cycles`; or `active-import` and its kind.
        package var name: String
        /// UCUM.
        package var unit: String
        /// `nil` if nothing is known.
        package var delta: Double?
        package var condition: Condition
        /// The running total this counted to, by which an open window goes on after a restart.
        package var total: Double?

        package init(name: String, unit: String, delta: Double?, condition: Condition, total: Double? = nil) {
            self.name = name
            self.unit = unit
            self.delta = delta
            self.condition = condition
            self.total = total
        }
    }

    package var start: Timestamp
    package var end: Timestamp
    package var isClosed: Bool
    /// In a closed window they add up to exactly its length.
    package var shares: [Share]
    package var counts: [Amount]
    package var energy: [Amount]
    /// How much of the window the agent really knew: of the state, or without a state rule of the amounts.
    package var covered: Int64

    package init(
        start: Timestamp, end: Timestamp, isClosed: Bool, shares: [Share], counts: [Amount], energy: [Amount],
        covered: Int64
    ) {
        self.start = start
        self.end = end
        self.isClosed = isClosed
        self.shares = shares
        self.counts = counts
        self.energy = energy
        self.covered = covered
    }

    package var length: Int64 { end.nanoseconds - start.nanoseconds }
}

/// What a journal remembers of a machine besides its signals: all that goes on after a restart.
package struct MachineMemory: Hashable, Sendable {
    /// The highest seq of an alarm or counter event.
    package private(set) var eventSeq: UInt64 = 0
    /// The state told last.
    package private(set) var state: MachineState?
    /// The last change of each alarm there ever was, at most one a code of the profile's versions.
    package private(set) var alarms: [Identifier: AlarmChange] = [:]
    /// The window that was open.
    package private(set) var window: MachineWindow?

    package init() {}

    /// Takes over what was stored. An earlier epoch's seq says nothing about this one.
    package mutating func remember(_ occurrences: [Occurrence], isCurrentEpoch: Bool) {
        for occurrence in occurrences {
            switch occurrence {
            case .state(var new):
                new.change = nil
                if !isCurrentEpoch { new.seq = 0 }
                state = new
            case .alarm(var new):
                if isCurrentEpoch { eventSeq = max(eventSeq, new.seq) } else { new.seq = 0 }
                alarms[new.code] = new
            case .counter(let new): if isCurrentEpoch { eventSeq = max(eventSeq, new.seq) }
            case .window(let new): window = new.isClosed ? nil : new
            case .numbered(let seq): if isCurrentEpoch { eventSeq = max(eventSeq, seq) }
            }
        }
    }

    /// The memory with the times of state and alarms moved to another clock; those of the window stay on the wall.
    package func placed(_ place: (Timestamp) -> Timestamp?) -> MachineMemory {
        var result = self
        if let state {
            result.state?.since = place(state.since) ?? state.since
            result.state?.time = place(state.time) ?? state.time
        }
        for (code, alarm) in alarms {
            result.alarms[code]?.since = place(alarm.since) ?? alarm.since
            result.alarms[code]?.time = place(alarm.time) ?? alarm.time
        }
        return result
    }

    /// A new epoch counts from 1 again.
    package mutating func beginEpoch() {
        eventSeq = 0
        state?.seq = 0
        for code in alarms.keys { alarms[code]?.seq = 0 }
    }

    /// The memory as occurrences: remembering them gives it back.
    package var occurrences: [Occurrence] {
        var result = alarms.values.sorted { $0.code < $1.code }.map { Occurrence.alarm($0) }
        if let state { result.append(.state(state)) }
        if let window { result.append(.window(window)) }
        if eventSeq > 0 { result.append(.numbered(eventSeq)) }
        return result
    }
}
