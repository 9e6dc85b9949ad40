package import KoppelCore

/// One machine as a recipient sees it: which of its signals, under which name and place.
package struct SharedMachine: Sendable {
    /// What the recipient is told of it. Its number is the journal's, which is not published.
    package var description: MachineDescription
    private let names: Set<SignalName>
    /// By number, true for what is shared.
    private let isShared: [Bool]
    /// The names of counts and energies that are made of shared signals.
    private let amounts: Set<String>
    private let longestSilences: [SignalNumber: Duration]

    /// `nil` if no signal of the machine is shared.
    package init?(
        _ real: MachineDescription, by policy: SharingPolicy, name: SharedIdentities.Name
    ) {
        let enforcement = policy.enforcement
        let shared = real.signals.filter { enforcement.includes($0.name) && enforcement.canShow($0) }
        guard !shared.isEmpty else { return nil }
        names = Set(shared.map(\.name))
        var isShared = [Bool](repeating: false, count: (shared.map { Int($0.number.rawValue) }.max() ?? -1) + 1)
        for signal in shared { isShared[Int(signal.number.rawValue)] = true }
        self.isShared = isShared
        amounts = Self.amounts(of: shared)
        longestSilences = Dictionary(
            shared.map { ($0.number, $0.heartbeat + $0.badAfter) }, uniquingKeysWith: { first, _ in first })
        description = real
        description.hidesSource = true
        // Addresses in the owner's network.
        description.access = nil
        description.signals = shared.map { enforcement.shown($0) }
        description.hasState = real.hasState && enforcement.classes.contains(.state)
        description.alarms = enforcement.classes.contains(.alarm) ? real.alarms : []
        hide(enforcement.pseudonymise, name: name)
    }

    private mutating func hide(_ hidden: Set<SharingPolicy.Pseudonym>, name: SharedIdentities.Name) {
        let real = description
        if hidden.contains(.nameplate) {
            description.nameplate = Nameplate(manufacturer: "not shared", model: "not shared")
        } else {
            description.hidesSource = false
        }
        description.location = real.location.dropLast().filter { !$0.isHidden(by: hidden) }
        guard hidden.contains(.machine), let own = Identifier(name.id) else {
            description.location += real.location.suffix(1)
            return
        }
        // What says which one it is goes with its name; the topic stops at the site (data model 3.17).
        description.id = own
        description.urn = name.urn
        description.title = [:]
        description.nameplate = Nameplate(
            manufacturer: description.nameplate.manufacturer, model: description.nameplate.model)
        description.location =
            Array(real.location.prefix(2)) + [LocationLevel(level: real.location.last?.level ?? "Other", id: own)]
        for index in description.signals.indices { description.signals[index].label = [:] }
    }

    package func shares(_ signal: SignalNumber) -> Bool {
        Int(signal.rawValue) < isShared.count && isShared[Int(signal.rawValue)]
    }

    package func shares(_ signal: SignalName) -> Bool { names.contains(signal) }

    /// How long a value holds when nothing more is stored of the signal: it is told again at each heartbeat, and said to
    /// be bad when the machine is silent.
    package func holds(_ signal: SignalNumber) -> Duration { longestSilences[signal] ?? .zero }

    package func sharesAmount(_ name: String) -> Bool { amounts.contains(name) }

    /// The counts and energies a window makes of these signals alone.
    private static func amounts(of signals: [SignalDescription]) -> Set<String> {
        let points = signals.map { signal in
            Point(
                signal: signal.name, table: .holdingRegister, address: 0, wire: .uint16, kind: signal.kind,
                unit: signal.unit, counter: signal.counter)
        }
        return Set((WindowAmounts.counts(of: points) + WindowAmounts.energy(of: points)).map(\.name))
    }
}

extension LocationLevel {
    /// The levels of ISA-95 below the site, by what people call them.
    fileprivate func isHidden(by hidden: Set<SharingPolicy.Pseudonym>) -> Bool {
        switch level {
        case "Enterprise", "Site": false
        case "Area": hidden.contains(.area)
        case "ProductionLine", "ProcessCell", "ProductionUnit", "StorageZone", "WorkCenter": hidden.contains(.line)
        case "WorkCell", "Unit", "StorageUnit", "WorkUnit", "EquipmentModule", "ControlModule": hidden.contains(.cell)
        default: !hidden.isDisjoint(with: [.area, .line, .cell])
        }
    }
}

extension SharingPolicy.Enforcement {
    /// A window needs numbers.
    fileprivate func canShow(_ signal: SignalDescription) -> Bool {
        guard resolution != nil else { return true }
        switch signal.dataType {
        case .boolean, .string, .dateTime: return false
        default: return signal.kind != .text && signal.kind != .event
        }
    }

    /// A signal as it is when only figures of it leave.
    fileprivate func shown(_ signal: SignalDescription) -> SignalDescription {
        guard let resolution else { return signal }
        var result = signal
        result.dataType = .double
        result.interval = resolution.window
        result.staleAfter = resolution.window + resolution.window + delay
        result.badAfter = result.staleAfter + resolution.window
        result.deadband = 0
        result.enumeration = signal.kind == .state ? signal.enumeration : [:]
        return result
    }
}
