/// What kind of thing a signal is (data model 3.2).
package enum SignalKind: String, CaseIterable, Codable, Sendable {
    case measurement, counter, state, event, setpoint, text
}

/// A closed band, low at most high.
package struct Band: Codable, Hashable, Sendable {
    package var low: Double
    package var high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }
}

/// How a raw number becomes a value: `raw * numerator / denominator + offset`, then the scale register.
///
/// A scale that is one over a whole power of ten is kept as that denominator, so that 2341 at scale 0.1 gives
/// 234.1 and not 234.10000000000002 (data model 3.4, number rules).
package struct Scaling: Hashable, Sendable {
    package var numerator: Double
    /// A whole power of ten, or 1.
    package var denominator: Double
    package var offset: Double

    package init(numerator: Double = 1, denominator: Double = 1, offset: Double = 0) {
        self.numerator = numerator
        self.denominator = denominator
        self.offset = offset
    }

    /// The raw number is the value.
    package static let none = Scaling()

    /// Finds the whole power of ten in a scale such as 0.001; any other scale is the numerator.
    package init(scale: Double, offset: Double) {
        for exponent in 1...12 {
            let power = (0..<exponent).reduce(1.0) { result, _ in result * 10 }
            if scale == 1 / power {
                self.init(numerator: 1, denominator: power, offset: offset)
                return
            }
        }
        self.init(numerator: scale, denominator: 1, offset: offset)
    }
}

/// A raw pattern that means "no value" or "at the end of the sensor", tested before scaling (field rule P41).
package struct Sentinel: Hashable, Sendable {
    package enum Pattern: Hashable, Sendable {
        /// The raw bits after byte and word order, as wide as the wire type.
        case bits(UInt64)
        /// The whole register that a bit, a bit field or a byte lies in, after byte order.
        case register(UInt16)
        /// Any IEEE 754 not-a-number.
        case notANumber
    }

    package enum Meaning: String, CaseIterable, Sendable {
        case notSupported = "not-supported"
        case sensorFault = "sensor-fault"
        case overRange = "over-range"
        case underRange = "under-range"
        case noData = "no-data"

        /// Rows 22, 23 and 25 of data model 4.2.
        package var condition: Condition {
            switch self {
            case .notSupported, .noData: .notSupported
            case .sensorFault: .sensorFault
            case .overRange, .underRange: .sensorLimit
            }
        }
    }

    package var pattern: Pattern
    package var meaning: Meaning

    package init(pattern: Pattern, meaning: Meaning) {
        self.pattern = pattern
        self.meaning = meaning
    }
}

/// How a counter counts (data model 3.7).
package struct CounterRule: Codable, Hashable, Sendable {
    package enum Reset: String, CaseIterable, Codable, Sendable {
        case never, powerCycle = "power-cycle", daily, perOrder = "per-order", manual, unknown
    }

    package enum Counts: String, CaseIterable, Codable, Sendable { case all, good, bad, cycles, energy, volume, time }

    /// The number of distinct values, for example 65,536; `nil` if it does not roll over.
    package var modulus: UInt64?
    package var reset: Reset
    /// The highest rate that is plausible, in the signal's unit per second, above 0.
    package var maxRatePerSecond: Double
    package var counts: Counts?

    package init(modulus: UInt64?, reset: Reset, maxRatePerSecond: Double, counts: Counts?) {
        self.modulus = modulus
        self.reset = reset
        self.maxRatePerSecond = maxRatePerSecond
        self.counts = counts
    }
}

/// When a reading of a signal is stored (data model 3.5 and 4.1). `nil` means the default of the site or the model.
package struct SamplingRule: Hashable, Sendable {
    package var interval: Duration?
    package var staleAfter: Duration?
    package var badAfter: Duration?
    /// A change up to this much, in the signal's unit, is not stored. 0 stores each change.
    package var deadband: Double
    /// Store each reading, also when nothing changed.
    package var everyReading: Bool
    /// Store at least this often even when nothing changed. Default 60 s.
    package var heartbeat: Duration
    /// A value that has not moved for this long although it is read is doubted as frozen; `nil` for never.
    package var frozenAfter: Duration?
    /// A faster change, in the signal's unit per second, is doubted, above 0; `nil` believes any change.
    package var maxChangePerSecond: Double?

    package init(
        interval: Duration? = nil, staleAfter: Duration? = nil, badAfter: Duration? = nil, deadband: Double = 0,
        everyReading: Bool = false, heartbeat: Duration = .seconds(60), frozenAfter: Duration? = nil,
        maxChangePerSecond: Double? = nil
    ) {
        self.interval = interval
        self.staleAfter = staleAfter
        self.badAfter = badAfter
        self.deadband = deadband
        self.everyReading = everyReading
        self.heartbeat = heartbeat
        self.frozenAfter = frozenAfter
        self.maxChangePerSecond = maxChangePerSecond
    }
}

/// A text in several languages: language tag to text, for example `nl` and `en`.
package typealias LocalizedText = [String: String]

/// One signal of a device type and where it lies in the device's registers.
package struct Point: Hashable, Sendable {
    package var signal: SignalName
    package var label: LocalizedText
    package var table: RegisterTable
    /// Zero-based data address of the first register or bit. With a ``place``, that of the example device.
    package var address: UInt16
    /// Where it lies in a SunSpec model, if the device tells itself where its registers are.
    package var place: ModelPlace?
    package var wire: WireType
    package var order: ByteOrder
    package var scaling: Scaling
    /// The signal whose value is the power of ten this one is multiplied by, for example -1 for tenths.
    /// Both are read in one request (field rule P46).
    package var scaleRegister: SignalName?
    package var sentinels: [Sentinel]
    /// Whether the value counts, as other signals of the same request say; at most 4. All of them must allow it.
    package var validWhen: [ValidityRule]
    package var kind: SignalKind
    package var quantityKind: String?
    package var unit: UnitOfMeasure?
    package var semanticIDs: [String]
    package var mtconnect: String?
    /// The normal working band; outside it a reading is uncertain.
    package var range: Band?
    /// The physically possible band; outside it a reading is bad.
    package var limits: Band?
    /// Raw number to name, for states.
    package var enumeration: [Int64: String]
    package var counter: CounterRule?
    package var sampling: SamplingRule
    /// The name of the coherence group: all its points are read in one request.
    package var group: String?
    /// False for a helper (a scale register, say) that is read but never published.
    package var published: Bool

    package init(
        signal: SignalName, label: LocalizedText = [:], table: RegisterTable, address: UInt16,
        place: ModelPlace? = nil, wire: WireType, order: ByteOrder = .specification, scaling: Scaling = .none,
        scaleRegister: SignalName? = nil,
        sentinels: [Sentinel] = [], validWhen: [ValidityRule] = [], kind: SignalKind, quantityKind: String? = nil,
        unit: UnitOfMeasure? = nil,
        semanticIDs: [String] = [], mtconnect: String? = nil, range: Band? = nil, limits: Band? = nil,
        enumeration: [Int64: String] = [:], counter: CounterRule? = nil, sampling: SamplingRule = SamplingRule(),
        group: String? = nil, published: Bool = true
    ) {
        self.signal = signal
        self.label = label
        self.table = table
        self.address = address
        self.place = place
        self.wire = wire
        self.order = order
        self.scaling = scaling
        self.scaleRegister = scaleRegister
        self.sentinels = sentinels
        self.validWhen = validWhen
        self.kind = kind
        self.quantityKind = quantityKind
        self.unit = unit
        self.semanticIDs = semanticIDs
        self.mtconnect = mtconnect
        self.range = range
        self.limits = limits
        self.enumeration = enumeration
        self.counter = counter
        self.sampling = sampling
        self.group = group
        self.published = published
    }

    /// The data type after scaling (data model 3.4).
    package var dataType: DataType {
        let isScaled = scaling != .none || scaleRegister != nil
        switch wire {
        case .bool, .bit: return .boolean
        case .float32: return .float
        case .float64: return .double
        case .string: return .string
        case .int8: return isScaled ? .double : .sbyte
        case .uint8: return isScaled ? .double : .byte
        case .int16: return isScaled ? .double : .int16
        case .uint16, .bits: return isScaled ? .double : .uint16
        case .int32: return isScaled ? .double : .int32
        case .uint32: return isScaled ? .double : .uint32
        case .int64: return isScaled ? .double : .int64
        case .uint64: return isScaled ? .double : .uint64
        case .bcd(let registers):
            return isScaled ? .double : registers == 1 ? .uint16 : registers == 2 ? .uint32 : .uint64
        }
    }
}
