/// What happened at a machine and is no reading of one signal: stored with the sweep it came from, in one transaction,
/// and delivered in order (data model 3.6 to 3.10).
package enum Occurrence: Hashable, Sendable {
    case state(MachineState)
    case alarm(AlarmChange)
    case counter(CounterEvent)
    /// A closed window is published. An open one is only remembered, so that it survives a restart.
    case window(MachineWindow)
    /// The highest seq given to an alarm or counter event; only in the journal's own memory.
    case numbered(UInt64)

    /// True for what is told to nobody and only lives in the journal.
    package var isMemory: Bool {
        switch self {
        case .window(let window): !window.isClosed
        case .numbered: true
        case .state, .alarm, .counter: false
        }
    }

    /// Moves every time in it alike; saturates at the ends of the range.
    package mutating func moveTimes(by step: Duration) {
        switch self {
        case .state(var state):
            state.since = state.since.advanced(by: step)
            state.time = state.time.advanced(by: step)
            self = .state(state)
        case .alarm(var alarm):
            alarm.since = alarm.since.advanced(by: step)
            alarm.time = alarm.time.advanced(by: step)
            self = .alarm(alarm)
        case .counter(var event):
            event.time = event.time.advanced(by: step)
            self = .counter(event)
        case .window(var window):
            window.start = window.start.advanced(by: step)
            window.end = window.end.advanced(by: step)
            self = .window(window)
        case .numbered: return
        }
    }

    /// When it happened.
    package var time: Timestamp? {
        switch self {
        case .state(let state): state.time
        case .alarm(let alarm): alarm.time
        case .counter(let event): event.time
        case .window(let window): window.isClosed ? window.end : window.start
        case .numbered: nil
        }
    }
}

/// The normalised state of a machine from one moment on (data model 3.6).
package struct MachineState: Hashable, Sendable {
    /// How the state is known. The raw value is stored in the journal.
    package enum Basis: UInt8, Sendable {
        case register = 0
        case bits = 1
        case power = 2

        /// The token of the data model.
        package var name: String {
            switch self {
            case .register: "register"
            case .bits: "derived-bits"
            case .power: "derived-power"
            }
        }
    }

    /// A signal the state was taken from, and what it said.
    package struct Source: Hashable, Sendable {
        package var signal: SignalName
        package var value: Value

        package init(signal: SignalName, value: Value) {
            self.signal = signal
            self.value = value
        }
    }

    /// The state before, and how long it was known to last. Across a restart the wall clock counts.
    package struct Change: Hashable, Sendable {
        package var from: StateRule.MappedState
        package var after: Duration

        package init(from: StateRule.MappedState, after: Duration) {
            self.from = from
            self.after = after
        }
    }

    /// Rises by one for each state told, from 1, within one epoch.
    package var seq: UInt64
    package var what: StateRule.MappedState
    /// The raw number of the state register.
    package var number: Int64?
    package var basis: Basis
    package var sources: [Source]
    /// When the machine was first seen in this state.
    package var since: Timestamp
    package var condition: Condition
    package var time: Timestamp
    /// `nil` if the state is the same as before and only its quality changed, or it is told again.
    package var change: Change?

    package init(
        seq: UInt64, what: StateRule.MappedState, number: Int64? = nil, basis: Basis, sources: [Source] = [],
        since: Timestamp, condition: Condition, time: Timestamp, change: Change? = nil
    ) {
        self.seq = seq
        self.what = what
        self.number = number
        self.basis = basis
        self.sources = sources
        self.since = since
        self.condition = condition
        self.time = time
        self.change = change
    }
}

extension StateRule.MappedState {
    /// The agent does not know: the machine is silent, or says something the profile has no name for.
    package static func unknown(cause: String) -> StateRule.MappedState {
        StateRule.MappedState(state: "unknown", mode: "unknown", cause: cause)
    }

    package var isKnown: Bool { state != "unknown" }
}

/// An alarm that was raised or has gone (data model 3.10).
package struct AlarmChange: Hashable, Sendable {
    /// Rises by one for each alarm or counter event of the machine, from 1, within one epoch.
    package var seq: UInt64
    package var code: Identifier
    /// The number the device uses, if the rule names one.
    package var nativeCode: String?
    package var text: LocalizedText
    package var level: AlarmRule.Level
    /// 1 to 1,000.
    package var severity: Int
    package var isActive: Bool
    package var signal: SignalName?
    package var value: Value?
    package var since: Timestamp
    /// When it was seen to change.
    package var time: Timestamp

    package init(
        seq: UInt64, code: Identifier, nativeCode: String? = nil, text: LocalizedText, level: AlarmRule.Level,
        severity: Int, isActive: Bool, signal: SignalName? = nil, value: Value? = nil, since: Timestamp,
        time: Timestamp
    ) {
        self.seq = seq
        self.code = code
        self.nativeCode = nativeCode
        self.text = text
        self.level = level
        self.severity = severity
        self.isActive = isActive
        self.signal = signal
        self.value = value
        self.since = since
        self.time = time
    }
}

/// A counter went on from a lower number than it had (data model 3.7).
package struct CounterEvent: Hashable, Sendable {
    /// The raw value is stored in the journal.
    package enum Verdict: UInt8, Sendable {
        /// It went over its end; nothing is lost.
        case rollover = 0
        /// It began again; what was counted between the last reading and that moment is unknown.
        case reset = 1
        /// It may have gone over its end more than once.
        case gap = 2

        /// The token of the data model.
        package var name: String {
            switch self {
            case .rollover: "rollover"
            case .reset: "reset"
            case .gap: "gap"
            }
        }
    }

    /// As ``AlarmChange/seq``.
    package var seq: UInt64
    package var signal: SignalName
    package var before: Value
    package var after: Value
    package var verdict: Verdict
    /// What the running total was given; `nil` if it is not known.
    package var credited: Value?
    package var time: Timestamp

    package init(
        seq: UInt64, signal: SignalName, before: Value, after: Value, verdict: Verdict, credited: Value?,
        time: Timestamp
    ) {
        self.seq = seq
        self.signal = signal
        self.before = before
        self.after = after
        self.verdict = verdict
        self.credited = credited
        self.time = time
    }
}
