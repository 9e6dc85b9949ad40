internal import KoppelCore
internal import KoppelEngine

/// Turns the settings of a machine into what consumers are told of it.
struct MachineAssembly {
    let settings: MachineSettings
    let bus: BusSettings
    let signals: PublishedSignals

    init(settings: MachineSettings, bus: BusSettings) {
        self.settings = settings
        self.bus = bus
        signals = PublishedSignals(points: settings.points)
    }

    /// The description under a register. Before there is one, a provisional register gives the fingerprint.
    func description(_ register: MachineRegister) -> MachineDescription {
        MachineDescription(
            number: register.number, id: settings.id, urn: register.urn, rev: register.rev, issued: register.issued,
            title: settings.title, location: settings.location, nameplate: settings.nameplate,
            fieldProtocol: fieldProtocol, profile: settings.profile.id, profileVersion: settings.profile.version,
            signals: zip(signals.entries, register.signals)
                .map { describe($0, number: $1) }
                .sorted { $0.number < $1.number },
            hasState: settings.profile.stateRule != nil,
            alarms: (settings.profile.alarms + AlarmRule.agentsOwn).map(\.code),
            access: MachineAccess(
                endpoint: bus.endpoint, unit: settings.unit,
                responseTimeout: settings.profile.timing.responseTimeout ?? bus.timeout, points: settings.points,
                interval: settings.profile.interval))
    }

    /// A register for a machine that is not registered yet: everything in it that does not belong to the
    /// description's content is fixed.
    var provisionalRegister: MachineRegister {
        MachineRegister(
            number: MachineNumber(rawValue: 0), urn: "urn:uuid:00000000-0000-0000-0000-000000000000", rev: 1,
            issued: Timestamp(nanoseconds: 0),
            signals: signals.entries.indices.map { SignalNumber(rawValue: UInt16(clamping: $0)) },
            memories: [])
    }

    private var fieldProtocol: MachineDescription.FieldProtocol {
        switch bus.endpoint {
        case .tcp: .tcp
        case .rtu: .rtu
        case .rtuOverTCP: .rtuOverTCP
        }
    }

    private func describe(_ entry: PublishedSignals.Entry, number: SignalNumber) -> SignalDescription {
        switch entry.source {
        case .point(let index): return describe(settings.points[index], number: number)
        case .total(let index):
            var description = describe(settings.points[index], number: number)
            description.name = entry.name
            description.dataType = description.dataType.isInteger ? .uint64 : .double
            description.label = description.label.mapValues { "\($0) (total)" }
            description.mtconnect = nil
            description.limits = nil
            description.range = nil
            description.counter = description.counter.map {
                CounterRule(modulus: nil, reset: .never, maxRatePerSecond: $0.maxRatePerSecond, counts: $0.counts)
            }
            return description
        }
    }

    private func describe(_ point: Point, number: SignalNumber) -> SignalDescription {
        let interval = point.sampling.interval ?? settings.profile.interval
        let ages = SignalAges(point.sampling, interval: interval)
        var description = SignalDescription(
            number: number, name: point.signal, label: point.label, kind: point.kind,
            quantityKind: point.quantityKind, unit: point.unit, dataType: point.dataType,
            semanticIDs: point.semanticIDs, mtconnect: point.mtconnect, range: point.range, limits: point.limits,
            enumeration: point.enumeration, counter: point.counter, interval: interval,
            staleAfter: ages.stale, badAfter: ages.bad, deadband: point.sampling.deadband)
        description.heartbeat = point.sampling.heartbeat
        return description
    }
}

extension DataType {
    fileprivate var isInteger: Bool {
        switch self {
        case .sbyte, .byte, .int16, .uint16, .int32, .uint32, .int64, .uint64: true
        case .boolean, .float, .double, .string, .dateTime: false
        }
    }
}
