/// A site file after checking: everything in it is valid and resolved.
package struct Site: Equatable, Sendable {
    package var agent: AgentSettings
    package var buses: [BusSettings]
    package var machines: [MachineSettings]
    package var destinations: [DestinationSettings]
    /// The local status page; `nil` if there is none.
    package var page: PageSettings?

    package init(
        agent: AgentSettings, buses: [BusSettings] = [], machines: [MachineSettings] = [],
        destinations: [DestinationSettings] = [], page: PageSettings? = nil
    ) {
        self.agent = agent
        self.buses = buses
        self.machines = machines
        self.destinations = destinations
        self.page = page
    }
}

/// Where the local status page listens. Always a loopback address.
package struct PageSettings: Hashable, Sendable {
    /// An address of 127.0.0.0/8, `::1` or `localhost`.
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

package struct AgentSettings: Equatable, Sendable {
    package var id: Identifier
    /// Enterprise and site, in this order.
    package var location: [LocationLevel]
    /// The folder of journal, audit and identity.
    package var dataFolder: String
    package var journal: JournalSettings
    /// True on a plant without a time source: an unsynchronised clock is then no reason for doubt.
    package var clockIsolated: Bool
    /// How long a stop may take before the process ends anyway. Default 10 s.
    package var shutdownLimit: Duration
    /// How long a window of states and counts is. Default 15 min.
    package var window: Duration

    /// 15 minutes.
    package static let usualWindow = Duration.seconds(900)

    package init(
        id: Identifier, location: [LocationLevel], dataFolder: String = "/var/lib/koppel",
        journal: JournalSettings = JournalSettings(), clockIsolated: Bool = false,
        shutdownLimit: Duration = .seconds(10), window: Duration = AgentSettings.usualWindow
    ) {
        self.id = id
        self.location = location
        self.dataFolder = dataFolder
        self.journal = journal
        self.clockIsolated = clockIsolated
        self.shutdownLimit = shutdownLimit
        self.window = window
    }
}

package struct JournalSettings: Hashable, Sendable {
    package enum Durability: String, Sendable {
        /// A stored reading survives a power cut (SQLite `synchronous = FULL`).
        case power
        /// A stored reading survives the end of the process, but not always a power cut (`NORMAL`).
        case process
    }

    /// Bytes on disk. Default 2 GiB.
    package var limit: Int
    /// The oldest a reading gets before it is dropped. Default 30 days.
    package var keep: Duration
    /// Free bytes that stay free on the volume. Default 200 MiB.
    package var freeSpaceFloor: Int
    package var durability: Durability

    package init(
        limit: Int = 2 << 30, keep: Duration = .seconds(30 * 86_400), freeSpaceFloor: Int = 200 << 20,
        durability: Durability = .power
    ) {
        self.limit = limit
        self.keep = keep
        self.freeSpaceFloor = freeSpaceFloor
        self.durability = durability
    }
}

package struct BusSettings: Hashable, Sendable {
    package var id: Identifier
    package var endpoint: BusEndpoint
    /// The response timeout: from the end of the request to the whole answer. Default 1 s.
    package var timeout: Duration
    package var connection: BusConnection
    package var admission: BusAdmission
    /// What its units may do on the bus, where a machine says nothing else.
    package var polling: PollingRules
    /// True if all machines on it are simulated.
    package var simulated: Bool

    package init(
        id: Identifier, endpoint: BusEndpoint, timeout: Duration = .seconds(1), connection: BusConnection = .keep,
        admission: BusAdmission = .refuse, polling: PollingRules = PollingRules(), simulated: Bool = false
    ) {
        self.simulated = simulated
        self.admission = admission
        self.id = id
        self.endpoint = endpoint
        self.timeout = timeout
        self.connection = connection
        self.polling = polling
    }
}

/// What becomes of a plan that takes more than all of the time of its bus (field rule P33).
package enum BusAdmission: String, CaseIterable, Sendable {
    /// The site file is not used.
    case refuse
    /// It is used with a warning: the owner accepts that slots are missed all the time.
    case warn
}

/// How long a connection over TCP is kept.
package enum BusConnection: String, CaseIterable, Sendable {
    /// As long as it works.
    case keep
    /// It is made when something is due and closed when nothing is: for devices that drop idle connections, or that
    /// allow one connection and are read by another master too.
    case perSweep = "per-sweep"
}

/// Where a bus is.
package enum BusEndpoint: Hashable, Sendable {
    /// `tcp://host:port`, port 502 by default.
    case tcp(host: String, port: UInt16)
    /// `rtu:/dev/...?baud=9600&format=8E1`, with `rs485=true` and its delays where the kernel switches direction
    case rtu(device: String, line: SerialLine)
    /// `rtu+tcp://host:port?baud=9600&format=8E1`: RTU frames inside TCP, as serial device servers send them. `line` is
    /// the line behind the device server; what the URL does not say is taken for the default.
    case rtuOverTCP(host: String, port: UInt16, line: SerialLine = SerialLine())
}

/// The settings of a serial line. Default 9600 8E1, which the Modbus serial line specification asks for (2.5.1).
package struct SerialLine: Hashable, Sendable {
    package enum Parity: String, Sendable {
        case none = "N"
        case even = "E"
        case odd = "O"
    }

    /// One of ``supportedBaudRates``.
    package var baud: Int
    /// 7 or 8. RTU needs 8.
    package var dataBits: Int
    package var parity: Parity
    /// 1 or 2.
    package var stopBits: Int
    /// Direction control by the kernel; `nil` if the adapter switches by itself, as most USB adapters do.
    package var rs485: RS485?

    package init(
        baud: Int = 9_600, dataBits: Int = 8, parity: Parity = .even, stopBits: Int = 1, rs485: RS485? = nil
    ) {
        self.baud = baud
        self.dataBits = dataBits
        self.parity = parity
        self.stopBits = stopBits
        self.rs485 = rs485
    }

    /// As people write it: `8E1`.
    package var format: String { "\(dataBits)\(parity.rawValue)\(stopBits)" }

    /// The rates libmodbus 3.1.6 knows on Linux; it silently turns any other into 9600.
    package static let supportedBaudRates = [
        110, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000,
        576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
    ]

    /// The time one character takes on the wire: start bit, data bits, parity bit, stop bits.
    package var characterTime: Duration {
        let bits = 1 + dataBits + (parity == .none ? 0 : 1) + stopBits
        return .nanoseconds(1_000_000_000 * bits / baud)
    }

    /// The silence between two frames: 3.5 characters, fixed at 1.75 ms above 19,200 baud
    /// (Modbus over serial line 1.02, 2.5.1.1).
    package var frameSilence: Duration {
        baud > 19_200 ? .microseconds(1_750) : characterTime * 7 / 2
    }
}

package struct MachineSettings: Equatable, Sendable {
    package var id: Identifier
    package var bus: Identifier
    package var unit: UnitID
    package var title: LocalizedText
    package var profile: DeviceProfile
    /// Enterprise first, the machine itself last.
    package var location: [LocationLevel]
    package var nameplate: Nameplate
    /// What is read, after choosing, overriding and adding: each point's sampling rule has an interval.
    package var points: [Point]
    /// Which of several SunSpec devices behind its unit it is, from 1: of those that have what the profile reads.
    package var modelDevice: Int
    /// True if the source is simulated: every good reading becomes uncertain, reason `simulated`.
    package var simulated: Bool
    package var polling: PollingRules

    package init(
        id: Identifier, bus: Identifier, unit: UnitID, title: LocalizedText = [:], profile: DeviceProfile,
        location: [LocationLevel], nameplate: Nameplate, points: [Point], modelDevice: Int = 1,
        simulated: Bool = false, polling: PollingRules = PollingRules()
    ) {
        self.id = id
        self.bus = bus
        self.unit = unit
        self.title = title
        self.profile = profile
        self.location = location
        self.nameplate = nameplate
        self.points = points
        self.modelDevice = modelDevice
        self.simulated = simulated
        self.polling = polling
    }
}

package struct DestinationSettings: Hashable, Sendable {
    /// What is published (data model 3.11): each is a kind of topic.
    package enum Publication: String, CaseIterable, Sendable { case meta, values, batches, state, events, alarms, oee }

    package enum ProtocolVersion: String, Sendable {
        case mqtt5 = "5"
        case mqtt311 = "3.1.1"
    }

    package enum DialectKind: String, Sendable {
        case dataModel = "data-model"
        case sparkplugB = "sparkplug-b"
    }

    package enum Share: Hashable, Sendable {
        /// The owner's own broker.
        case all
        /// Another party, by this sharing policy.
        case policy(SharingPolicy)
        /// Another party, and the policy was not there when the site file was loaded.
        case missingPolicy(path: String)
    }

    package var id: Identifier
    package var host: String
    /// 1883 for mqtt, 8883 for mqtts by default.
    package var port: UInt16
    /// `nil` for mqtt, present for mqtts.
    package var tls: TLSSettings?
    package var user: String?
    package var password: SecretReference?
    /// 1 to 23 bytes of letters and digits are safe with every broker. Default `koppel-` and the agent's id.
    package var clientID: String
    package var version: ProtocolVersion
    package var dialect: DialectKind
    /// Who we are in Sparkplug; present exactly with that dialect.
    package var sparkplug: SparkplugSettings?
    package var publish: Set<Publication>
    package var share: Share
    /// Readings in one batch message, at least 1. Default 2,000.
    package var batchReadings: Int
    /// Delays batches on purpose, for thin uplinks. Zero sends at once.
    package var batchEvery: Duration
    /// Messages handed over and not yet acknowledged, 1 to 1,000. Default 20.
    package var window: Int
    /// Default 30 s.
    package var keepalive: Duration
    /// The most history that goes out, in bytes per second; `nil` for as fast as the way takes it.
    package var rate: Int?
    package var topics: TopicTree.Form
    /// True if each machine's Thing Description and asset shell are published, which only the owner's own broker gets.
    package var exports: Bool

    package init(
        id: Identifier, host: String, port: UInt16, tls: TLSSettings? = nil, user: String? = nil,
        password: SecretReference? = nil, clientID: String, version: ProtocolVersion = .mqtt5,
        dialect: DialectKind = .dataModel, sparkplug: SparkplugSettings? = nil, publish: Set<Publication>, share: Share,
        batchReadings: Int = 2_000, batchEvery: Duration = .zero, window: Int = 20,
        keepalive: Duration = .seconds(30), rate: Int? = nil, topics: TopicTree.Form = .levels, exports: Bool = false
    ) {
        self.id = id
        self.host = host
        self.port = port
        self.tls = tls
        self.user = user
        self.password = password
        self.clientID = clientID
        self.version = version
        self.dialect = dialect
        self.sparkplug = sparkplug
        self.publish = publish
        self.share = share
        self.batchReadings = batchReadings
        self.batchEvery = batchEvery
        self.window = window
        self.keepalive = keepalive
        self.rate = rate
        self.topics = topics
        self.exports = exports
    }
}

package struct TLSSettings: Hashable, Sendable {
    /// A PEM file with one or more CA certificates; `nil` uses the system's.
    package var caFile: String?
    package var certificateFile: String?
    package var key: SecretReference?

    package init(caFile: String? = nil, certificateFile: String? = nil, key: SecretReference? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.key = key
    }
}

/// Where a secret is. The secret itself is never in the site file, in a log line or in memory longer than needed.
package enum SecretReference: Hashable, Sendable {
    case file(path: String)
    case environment(name: String)
}
