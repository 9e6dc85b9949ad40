/// One level of the ISA-95 path of a machine (data model 3.3).
package struct LocationLevel: Codable, Hashable, Sendable {
    /// An ISA-95 level of OPC 10030, for example `Enterprise`, `Site`, `Area`, `ProductionLine`.
    package var level: String
    package var id: Identifier
    package var name: String?

    package init(level: String, id: Identifier, name: String? = nil) {
        self.level = level
        self.id = id
        self.name = name
    }
}

/// Who made a machine and which one it is (data model 3.3).
package struct Nameplate: Codable, Hashable, Sendable {
    package var manufacturer: String
    package var model: String
    package var serialNumber: String?
    package var productCode: String?
    package var yearOfConstruction: String?
    package var assetTag: String?
    /// The maker's own IRI for this one product (IDTA 02006 URIOfTheProduct, ID link after IEC 61406).
    package var uriOfTheProduct: String?

    package init(
        manufacturer: String, model: String, serialNumber: String? = nil, productCode: String? = nil,
        yearOfConstruction: String? = nil, assetTag: String? = nil, uriOfTheProduct: String? = nil
    ) {
        self.manufacturer = manufacturer
        self.model = model
        self.serialNumber = serialNumber
        self.productCode = productCode
        self.yearOfConstruction = yearOfConstruction
        self.assetTag = assetTag
        self.uriOfTheProduct = uriOfTheProduct
    }
}

/// One published signal of a machine as the descriptor tells it (data model 3.4).
package struct SignalDescription: Codable, Hashable, Sendable {
    package var number: SignalNumber
    package var name: SignalName
    package var label: LocalizedText
    package var kind: SignalKind
    package var quantityKind: String?
    package var unit: UnitOfMeasure?
    package var dataType: DataType
    package var semanticIDs: [String]
    package var mtconnect: String?
    package var range: Band?
    package var limits: Band?
    package var enumeration: [Int64: String]
    package var counter: CounterRule?
    package var interval: Duration
    package var staleAfter: Duration
    package var badAfter: Duration
    package var deadband: Double
    /// The longest time without a stored reading while the machine answers. Not published.
    package var heartbeat = Duration.seconds(60)

    package init(
        number: SignalNumber, name: SignalName, label: LocalizedText = [:], kind: SignalKind,
        quantityKind: String? = nil, unit: UnitOfMeasure? = nil, dataType: DataType, semanticIDs: [String] = [],
        mtconnect: String? = nil, range: Band? = nil, limits: Band? = nil, enumeration: [Int64: String] = [:],
        counter: CounterRule? = nil, interval: Duration, staleAfter: Duration, badAfter: Duration, deadband: Double = 0
    ) {
        self.number = number
        self.name = name
        self.label = label
        self.kind = kind
        self.quantityKind = quantityKind
        self.unit = unit
        self.dataType = dataType
        self.semanticIDs = semanticIDs
        self.mtconnect = mtconnect
        self.range = range
        self.limits = limits
        self.enumeration = enumeration
        self.counter = counter
        self.interval = interval
        self.staleAfter = staleAfter
        self.badAfter = badAfter
        self.deadband = deadband
    }
}

/// A machine as consumers know it: everything that rarely changes.
package struct MachineDescription: Codable, Hashable, Sendable {
    package enum FieldProtocol: String, Codable, Sendable {
        case tcp = "modbus-tcp"
        case rtu = "modbus-rtu"
        case rtuOverTCP = "modbus-rtu-over-tcp"
    }

    package var number: MachineNumber
    /// The machine's id in the site file, which is the last level of its location.
    package var id: Identifier
    /// `urn:uuid:` and a lower-case UUID, made once by the agent.
    package var urn: String
    package var rev: UInt32
    package var issued: Timestamp
    package var title: LocalizedText
    /// Enterprise first, the machine itself last.
    package var location: [LocationLevel]
    package var nameplate: Nameplate
    package var fieldProtocol: FieldProtocol
    package var profile: Identifier
    package var profileVersion: String
    /// In the order of their numbers. A number without an entry belongs to a signal that was retired.
    package var signals: [SignalDescription]
    /// True if a state is told of it.
    package var hasState: Bool
    /// The codes of the alarms it can raise.
    package var alarms: [Identifier]
    /// How the machine is reached and where its signals lie, for the exports that its owner gets; `nil` for a machine
    /// as it was before, of which only the descriptor is known.
    package var access: MachineAccess?
    /// True if the recipient is not told by which profile and protocol it is read.
    package var hidesSource = false

    /// All but the access, which says nothing about readings.
    private enum CodingKeys: String, CodingKey {
        case number, id, urn, rev, issued, title, location, nameplate, fieldProtocol, profile, profileVersion, signals
        case hasState, alarms
    }

    /// The machine as it is described, and as it is kept once it is gone.
    package var withoutAccess: MachineDescription {
        var description = self
        description.access = nil
        return description
    }

    package init(
        number: MachineNumber, id: Identifier, urn: String, rev: UInt32, issued: Timestamp, title: LocalizedText,
        location: [LocationLevel], nameplate: Nameplate, fieldProtocol: FieldProtocol, profile: Identifier,
        profileVersion: String, signals: [SignalDescription], hasState: Bool = false, alarms: [Identifier] = [],
        access: MachineAccess? = nil
    ) {
        self.number = number
        self.id = id
        self.urn = urn
        self.rev = rev
        self.issued = issued
        self.title = title
        self.location = location
        self.nameplate = nameplate
        self.fieldProtocol = fieldProtocol
        self.profile = profile
        self.profileVersion = profileVersion
        self.signals = signals
        self.hasState = hasState
        self.alarms = alarms
        self.access = access
    }
}

/// The agent as consumers know it.
package struct AgentDescription: Hashable, Sendable {
    package var id: Identifier
    /// `urn:uuid:` made once and kept in the data folder.
    package var urn: String
    package var version: String
    /// Enterprise and site, then what the site file adds.
    package var location: [LocationLevel]

    package init(id: Identifier, urn: String, version: String, location: [LocationLevel]) {
        self.id = id
        self.urn = urn
        self.version = version
        self.location = location
    }
}
