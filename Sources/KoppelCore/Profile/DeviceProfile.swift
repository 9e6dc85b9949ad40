/// A device type: how its registers become signals, and what it can stand.
package struct DeviceProfile: Hashable, Sendable {
    /// `vendor-model`, the value of `profile:` in the file.
    package var id: Identifier
    /// Semantic version, `major.minor.patch`.
    package var version: String
    package var manufacturer: String
    package var model: String
    package var limits: UnitLimits
    package var timing: UnitTiming
    /// The interval of points that name none.
    package var interval: Duration
    package var points: [Point]
    /// The SunSpec models its points lie in; `nil` for a device with fixed addresses.
    package var layout: ModelLayout?
    package var stateRule: StateRule?
    package var alarms: [AlarmRule]
    /// How sure the register map is, and where it comes from.
    package var confidence: Confidence?
    /// What that confidence rests on, and what was not tried, in words.
    package var verified: String?
    package var sources: [String]

    package enum Confidence: String, CaseIterable, Sendable { case high, medium, low }

    package init(
        id: Identifier, version: String, manufacturer: String, model: String, limits: UnitLimits = UnitLimits(),
        timing: UnitTiming = UnitTiming(), interval: Duration = .seconds(1), points: [Point],
        layout: ModelLayout? = nil, stateRule: StateRule? = nil, alarms: [AlarmRule] = [],
        confidence: Confidence? = nil, verified: String? = nil,
        sources: [String] = []
    ) {
        self.id = id
        self.version = version
        self.manufacturer = manufacturer
        self.model = model
        self.limits = limits
        self.timing = timing
        self.interval = interval
        self.points = points
        self.layout = layout
        self.stateRule = stateRule
        self.alarms = alarms
        self.confidence = confidence
        self.verified = verified
        self.sources = sources
    }
}

/// What one request to a unit may ask for (field rules P28, P32).
package struct UnitLimits: Hashable, Sendable {
    /// Registers in one request, 1 to 125.
    package var registersPerRequest: Int
    /// Bits in one request, 1 to 2,000.
    package var bitsPerRequest: Int
    /// Unlisted addresses the device is known to answer, so that a read may run across them.
    package var readableGaps: [RegisterSpan]
    /// True if any gap may be read along: the device answers every address.
    package var allGapsReadable: Bool
    /// True if start and count both have to be even (Eastron meters).
    package var evenAlignment: Bool
    /// Where alone a read of a table may begin, rising; a table that is not there has no such rule (ifm IO-Link masters).
    package var startAddresses: [RegisterTable: [UInt16]]

    package init(
        registersPerRequest: Int = 125, bitsPerRequest: Int = 2_000, readableGaps: [RegisterSpan] = [],
        allGapsReadable: Bool = false, evenAlignment: Bool = false,
        startAddresses: [RegisterTable: [UInt16]] = [:]
    ) {
        self.registersPerRequest = registersPerRequest
        self.bitsPerRequest = bitsPerRequest
        self.readableGaps = readableGaps
        self.allGapsReadable = allGapsReadable
        self.evenAlignment = evenAlignment
        self.startAddresses = startAddresses
    }

    /// Where a read has to begin that is to reach this address; `nil` if none can.
    package func start(toReach address: UInt16, in table: RegisterTable) -> UInt16? {
        guard let starts = startAddresses[table] else { return address }
        return starts.last { $0 <= address }
    }
}

/// A run of addresses in one table.
package struct RegisterSpan: Hashable, Sendable {
    package var table: RegisterTable
    package var addresses: ClosedRange<UInt16>

    package init(table: RegisterTable, addresses: ClosedRange<UInt16>) {
        self.table = table
        self.addresses = addresses
    }
}

extension RegisterSpan: CustomStringConvertible {
    /// `holding 4`, or `holding 4 to 9`.
    package var description: String {
        let (first, last) = (addresses.lowerBound, addresses.upperBound)
        return first == last ? "\(table.name) \(first)" : "\(table.name) \(first) to \(last)"
    }
}

/// What a unit needs in time. `nil` means the default of the bus.
package struct UnitTiming: Hashable, Sendable {
    package var responseTimeout: Duration?
    /// Silence before each request to this unit. It only ever lengthens what the bus keeps by itself.
    package var pauseBeforeRequest: Duration?

    package init(responseTimeout: Duration? = nil, pauseBeforeRequest: Duration? = nil) {
        self.responseTimeout = responseTimeout
        self.pauseBeforeRequest = pauseBeforeRequest
    }
}

/// How a machine's state is known (data model 3.6).
package struct StateRule: Hashable, Sendable {
    package enum Basis: Hashable, Sendable {
        /// A state register: raw number to state, with the vendor's name as the sub-state.
        case register(signal: SignalName, map: [Int64: MappedState])
        /// Fault bit, else run bit, else power bit.
        case bits(fault: SignalName?, run: SignalName?, power: SignalName?)
        /// Active power below `idle` is off, from `idle` to `busy` waiting, above it working.
        case power(signal: SignalName, idle: Double, busy: Double, hysteresis: Double, hold: Duration, confirmed: Bool)
    }

    package struct MappedState: Hashable, Sendable {
        package var state: String
        package var mode: String?
        package var cause: String?
        package var sub: String?

        package init(state: String, mode: String? = nil, cause: String? = nil, sub: String? = nil) {
            self.state = state
            self.mode = mode
            self.cause = cause
            self.sub = sub
        }
    }

    /// A signal that settles the state by itself while it is set, whatever the basis says: an emergency stop beside a
    /// mode register that stays `running`.
    package struct Override: Hashable, Sendable {
        package var signal: SignalName
        package var what: MappedState

        package init(signal: SignalName, what: MappedState) {
            self.signal = signal
            self.what = what
        }
    }

    package var basis: Basis
    /// The first that is set wins.
    package var overrides: [Override]
    /// Numbers of the state register that make a state likely and not certain: `running` that means no more than that
    /// the drives have power. Told as uncertain, reason `derived`.
    package var likely: Set<Int64>

    package init(basis: Basis, overrides: [Override] = [], likely: Set<Int64> = []) {
        self.basis = basis
        self.overrides = overrides
        self.likely = likely
    }

    /// The signals the basis is taken from.
    package var basisSignals: [SignalName] {
        switch basis {
        case .register(let signal, _): [signal]
        case .bits(let fault, let run, let power): [fault, run, power].compactMap { $0 }
        case .power(let signal, _, _, _, _, _): [signal]
        }
    }
}

/// When a signal means an alarm (data model 3.10).
package struct AlarmRule: Hashable, Sendable {
    package enum Trigger: Hashable, Sendable {
        case isTrue
        case equals(Int64)
        case above(Double)
        case below(Double)
    }

    package enum Level: String, CaseIterable, Sendable { case warning, fault }

    package var code: Identifier
    package var signal: SignalName
    package var trigger: Trigger
    package var level: Level
    /// 1 to 1,000.
    package var severity: Int
    package var text: LocalizedText

    package init(
        code: Identifier, signal: SignalName, trigger: Trigger, level: Level, severity: Int, text: LocalizedText
    ) {
        self.code = code
        self.signal = signal
        self.trigger = trigger
        self.level = level
        self.severity = severity
        self.text = text
    }
}

extension DeviceProfile {
    /// The signals that the state rule and the alarms need, also where nobody publishes them.
    package var ruleSignals: [SignalName] {
        let state: [SignalName] =
            switch stateRule?.basis {
            case .register(let signal, _): [signal]
            case .bits(let fault, let run, let power): [fault, run, power].compactMap(\.self)
            case .power(let signal, _, _, _, _, _): [signal]
            case nil: []
            }
        return state + alarms.map(\.signal)
    }
}
