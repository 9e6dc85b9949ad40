internal import KoppelCore

/// A profile as `koppel profile show --json` writes it: everything, with zero-based addresses.
struct ProfileDocument: Encodable {
    struct Span: Encodable {
        var table: String
        var from: UInt16
        var to: UInt16
    }

    struct BandDocument: Encodable {
        var low: Double
        var high: Double

        init?(_ band: Band?) {
            guard let band else { return nil }
            low = band.low
            high = band.high
        }
    }

    struct Counter: Encodable {
        var modulus: UInt64?
        var reset: String
        var maxRatePerSecond: Double
        var counts: String?
    }

    /// Where a point lies in a SunSpec model; its address is that of an example then.
    struct Place: Encodable {
        var model: UInt16
        var offset: UInt16
    }

    /// A condition under which a value counts; `otherwise` is empty if `otherwiseByNumber` says it.
    struct Validity: Encodable {
        var signal: String
        var numbers: [Int64]
        var otherwise: String?
        var otherwiseByNumber: [String: String]?

        private enum CodingKeys: String, CodingKey { case signal, numbers = "is", otherwise, otherwiseByNumber }
    }

    struct PointDocument: Encodable {
        var signal: String
        var label: [String: String]
        var table: String
        var address: UInt16
        var sunspec: Place?
        var registers: Int
        var type: String
        var order: String
        var scale: Double
        var offset: Double
        var scaleRegister: String?
        var sentinels: [String: String]
        /// Only if there are such conditions.
        var validWhen: [Validity]?
        var kind: String
        var dataType: String
        var quantityKind: String?
        var unit: String?
        var semanticIds: [String]
        var mtconnect: String?
        var range: BandDocument?
        var limits: BandDocument?
        var enumeration: [String: String]
        var counter: Counter?
        var intervalMs: Double
        var deadband: Double
        var everyReading: Bool
        var heartbeatMs: Double
        var group: String?
        var published: Bool
    }

    struct Alarm: Encodable {
        var code: String
        var signal: String
        var when: String
        var level: String
        var severity: Int
        var text: [String: String]
    }

    struct State: Encodable {
        struct Mapped: Encodable {
            var state: String
            var mode: String?
            var sub: String?
            var cause: String?
            /// `true` if the number makes the state likely and not certain.
            var derived: Bool?
        }

        /// A signal that settles the state while it is set.
        struct Override: Encodable {
            var signal: String
            var state: Mapped
        }

        var basis: String
        var signals: [String: String]
        var map: [String: Mapped]?
        var idle: Double?
        var busy: Double?
        var hysteresis: Double?
        var holdMs: Double?
        var confirmed: Bool?
        var unless: [Override]?
    }

    var id: String
    var path: String
    var version: String
    var manufacturer: String
    var model: String
    var confidence: String?
    var verified: String?
    var sources: [String]
    var registersPerRequest: Int
    var bitsPerRequest: Int
    var evenAlignment: Bool
    var allGapsReadable: Bool
    var readableGaps: [Span]
    /// Where alone a read may begin, by table; only if there is such a rule.
    var startAddresses: [String: [UInt16]]?
    var intervalMs: Double
    var timeoutMs: Double?
    var pauseMs: Double?
    var points: [PointDocument]
    var state: State?
    var alarms: [Alarm]

    init(_ loaded: LoadedProfile) {
        let profile = loaded.profile
        id = profile.id.description
        path = loaded.path
        version = profile.version
        manufacturer = profile.manufacturer
        model = profile.model
        confidence = profile.confidence?.rawValue
        verified = profile.verified
        sources = profile.sources
        registersPerRequest = profile.limits.registersPerRequest
        bitsPerRequest = profile.limits.bitsPerRequest
        evenAlignment = profile.limits.evenAlignment
        allGapsReadable = profile.limits.allGapsReadable
        readableGaps = profile.limits.readableGaps.map {
            Span(table: $0.table.name, from: $0.addresses.lowerBound, to: $0.addresses.upperBound)
        }
        let starts = profile.limits.startAddresses.map { ($0.key.name, $0.value) }
        startAddresses = starts.isEmpty ? nil : Dictionary(uniqueKeysWithValues: starts)
        intervalMs = profile.interval.milliseconds
        timeoutMs = profile.timing.responseTimeout?.milliseconds
        pauseMs = profile.timing.pauseBeforeRequest?.milliseconds
        points = profile.points.map { PointDocument($0, interval: profile.interval) }
        state = profile.stateRule.map(State.init)
        alarms = profile.alarms.map {
            Alarm(
                code: $0.code.description, signal: $0.signal.description, when: $0.trigger.text,
                level: $0.level.rawValue, severity: $0.severity, text: $0.text)
        }
    }
}

extension ProfileDocument.PointDocument {
    init(_ point: Point, interval: Duration) {
        self.init(
            signal: point.signal.description, label: point.label, table: point.table.name, address: point.address,
            sunspec: point.place.map { .init(model: $0.model, offset: $0.offset) }, registers: point.wire.registers,
            type: point.typeText, order: point.orderText,
            scale: point.scaling.numerator / point.scaling.denominator, offset: point.scaling.offset,
            scaleRegister: point.scaleRegister?.description, sentinels: Self.sentinels(point),
            validWhen: point.validWhen.isEmpty ? nil : point.validWhen.map(ProfileDocument.Validity.init),
            kind: point.kind.rawValue,
            dataType: point.dataType.rawValue, quantityKind: point.quantityKind, unit: point.unit?.ucum,
            semanticIds: point.semanticIDs, mtconnect: point.mtconnect, range: .init(point.range),
            limits: .init(point.limits),
            enumeration: Dictionary(uniqueKeysWithValues: point.enumeration.map { ("\($0)", $1) }),
            counter: point.counter.map {
                .init(
                    modulus: $0.modulus, reset: $0.reset.rawValue, maxRatePerSecond: $0.maxRatePerSecond,
                    counts: $0.counts?.rawValue)
            },
            intervalMs: (point.sampling.interval ?? interval).milliseconds, deadband: point.sampling.deadband,
            everyReading: point.sampling.everyReading, heartbeatMs: point.sampling.heartbeat.milliseconds,
            group: point.group, published: point.published)
    }

    private static func sentinels(_ point: Point) -> [String: String] {
        let pairs = point.sentinels.map { ($0.pattern.text(of: point.wire), $0.meaning.rawValue) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}

extension ProfileDocument.Validity {
    init(_ rule: ValidityRule) {
        self.init(signal: rule.signal.description, numbers: rule.accepted)
        switch rule.otherwise {
        case .meaning(let meaning): otherwise = meaning.rawValue
        case .byNumber(let meanings):
            let pairs = meanings.map { ("\($0)", $1.rawValue) }
            otherwiseByNumber = Dictionary(uniqueKeysWithValues: pairs)
        }
    }
}

extension ProfileDocument.State {
    init(_ rule: StateRule) {
        switch rule.basis {
        case .register(let signal, let map):
            let mapped = map.map { raw, mapped in
                ("\(raw)", Mapped(mapped, derived: rule.likely.contains(raw) ? true : nil))
            }
            self.init(
                basis: "register", signals: ["signal": "\(signal)"],
                map: Dictionary(uniqueKeysWithValues: mapped))
        case .bits(let fault, let run, let power):
            let signals = ["fault": fault, "run": run, "power": power].compactMapValues { $0?.description }
            self.init(basis: "derived-bits", signals: signals)
        case .power(let signal, let idle, let busy, let hysteresis, let hold, let confirmed):
            self.init(
                basis: "derived-power", signals: ["signal": "\(signal)"], idle: idle, busy: busy,
                hysteresis: hysteresis, holdMs: hold.milliseconds, confirmed: confirmed)
        }
        let overrides = rule.overrides.map { Override(signal: "\($0.signal)", state: Mapped($0.what)) }
        unless = overrides.isEmpty ? nil : overrides
    }
}

extension ProfileDocument.State.Mapped {
    init(_ what: StateRule.MappedState, derived: Bool? = nil) {
        self.init(state: what.state, mode: what.mode, sub: what.sub, cause: what.cause, derived: derived)
    }
}
