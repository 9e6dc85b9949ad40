import KoppelCore
import KoppelDialects
import KoppelEngine
import KoppelTestKit
import Synchronization
import Testing

/// An edge node in the real dialect between a scripted connection and a journal in memory.
struct EdgeNodeBench: Sendable {
    /// Keeps the number of the last birth, as a file would.
    final class Births: BirthNumberStore {
        let kept: Mutex<[UInt8]>

        init(_ last: UInt8? = nil) { kept = Mutex(last.map { [$0] } ?? []) }

        func load() async -> UInt8? { kept.withLock { $0.last } }
        func keep(_ number: UInt8) async { kept.withLock { $0.append(number) } }
    }

    /// What the wall clock says of itself.
    final class Clock: Sendable {
        let state = Mutex(ClockState.synchronised)
    }

    let journal = MemoryJournal()
    let uplink = ScriptedUplink()
    let live = LiveLane(epoch: 1)
    let births: Births
    let clock = Clock()
    let destination: DestinationSettings
    let gauge = DeliveryGauge()
    private let service: EdgeNodeService<ContinuousClock>

    static let meter = MachineNumber(rawValue: 0)
    static let press = MachineNumber(rawValue: 1)

    init(
        primaryHost: String? = nil, last: UInt8? = nil, window: Int = 20, statusInterval: Duration = .seconds(60),
        lag: Duration = .milliseconds(20), historyRate: Int = 1_000_000,
        publish: Set<DestinationSettings.Publication> = [.values, .batches, .state, .alarms]
    ) throws {
        births = Births(last)
        let identity = SparkplugSettings(group: "acme:hengelo", node: "box-1", primaryHost: primaryHost)
        destination = DestinationSettings(
            id: try #require(Identifier("plant")), host: "127.0.0.1", port: 1883, clientID: "koppel-test",
            dialect: .sparkplugB, sparkplug: identity, publish: publish, share: .all, window: window)
        var pace = EdgeNodeService<ContinuousClock>.Pace()
        pace.statusInterval = statusInterval
        pace.lag = lag
        pace.historyRate = historyRate
        pace.rebirthInterval = .milliseconds(50)
        pace.pauseAfterHost = .milliseconds(10)
        let clock = clock
        service = EdgeNodeService(
            destination: destination,
            parts: .init(
                journal: journal, uplink: uplink,
                dialect: SparkplugDialect(identity, agent: try Self.agent(), machines: try Self.machines()),
                live: live, births: births,
                wallClock: WallClock(now: { Timestamp(nanoseconds: Self.now) }, state: { clock.state.withLock { $0 } }),
                session: "urn:uuid:01955600-2b7e-7cc3-9f21-6a4d0e5b8c10", gauge: gauge),
            clock: ContinuousClock(), pace: pace)
    }

    /// 2026-03-02T08:15:30.120Z
    static let now: Int64 = 1_772_439_330_120_000_000

    /// Runs the node while the body works.
    func run(_ body: () async throws -> Void) async throws {
        try await journal.setDestinations([destination.id])
        let service = service
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            #expect(await eventually { uplink.isRunning })
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    // MARK: Machines

    private static func location() throws -> [LocationLevel] {
        [
            LocationLevel(level: "Enterprise", id: try #require(Identifier("acme"))),
            LocationLevel(level: "Site", id: try #require(Identifier("hengelo"))),
        ]
    }

    private static func agent() throws -> AgentDescription {
        AgentDescription(
            id: try #require(Identifier("box-1")), urn: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31",
            version: "1.0.0", location: try location())
    }

    private static func machines() throws -> [MachineDescription] {
        [
            try machine(meter, "meter-01", [("electrical/voltage", .float, "V"), ("counters/parts", .uint32, "{#}")]),
            try machine(press, "press-2", [("motion/strokes", .uint64, "{#}")], hasState: true, alarm: "jam"),
        ]
    }

    private static func machine(
        _ number: MachineNumber, _ id: String, _ signals: [(String, DataType, String)], hasState: Bool = false,
        alarm: String? = nil
    ) throws -> MachineDescription {
        let id = try #require(Identifier(id))
        return MachineDescription(
            number: number, id: id, urn: "urn:uuid:6f1d2a64-0f3b-4c0e-9a53-2f3f6f7f0a1\(number.rawValue)", rev: 1,
            issued: Timestamp(nanoseconds: 0), title: [:],
            location: try location() + [LocationLevel(level: "WorkUnit", id: id)],
            nameplate: Nameplate(manufacturer: "Acme", model: "M"), fieldProtocol: .tcp, profile: id,
            profileVersion: "1.0.0",
            signals: try signals.enumerated().map { place, signal in
                SignalDescription(
                    number: SignalNumber(rawValue: UInt16(place)), name: try #require(SignalName(signal.0)),
                    kind: .measurement, unit: UnitOfMeasure(ucum: signal.2), dataType: signal.1, interval: .seconds(1),
                    staleAfter: .seconds(3), badAfter: .seconds(30))
            }, hasState: hasState, alarms: try alarm.map { [try #require(Identifier($0))] } ?? [])
    }

    // MARK: What happens in the plant

    /// Stores a record and shows it live, as the sink does.
    func store(
        _ machine: MachineNumber, _ readings: [Reading] = [], gaps: [Gap] = [], occurrences: [Occurrence] = []
    ) async throws {
        let record = SweepRecord(
            machine: machine, rev: 1, clock: .synchronised, readings: readings, gaps: gaps, occurrences: occurrences)
        _ = try await journal.append([record])
        await live.offer([SweptRecord(record: record)])
    }

    /// A reading of one signal, a second after the one before it.
    static func reading(
        _ signal: UInt16 = 0, _ seq: UInt64, _ condition: Condition = .good, value: Value? = nil
    ) -> Reading {
        let usual: Value = signal == 0 ? .float(Float(seq) + 0.5) : .uint(seq)
        return Reading(
            signal: SignalNumber(rawValue: signal), condition: condition, seq: seq,
            time: Timestamp(nanoseconds: now + Int64(seq) * 1_000_000_000),
            value: condition.quality == .bad ? nil : value ?? usual)
    }

    // MARK: What a host does and sees

    /// Connects as the link would, and waits until everything is born.
    func connect() async throws {
        let before = uplink.messages.count
        _ = await uplink.connectOnTerms()
        #expect(await eventually { births(since: before) == ["NBIRTH", "DBIRTH meter-01", "DBIRTH press-2"] })
    }

    func births(since place: Int) -> [String] {
        uplink.messages[place...].map(SeenMessage.init).filter { $0.type.hasSuffix("BIRTH") }.map(\.name)
    }

    func host(isOnline: Bool, time: Int, name: String = "scada") {
        uplink.bring(
            IncomingMessage(
                topic: "spBv1.0/STATE/\(name)", payload: Array(#"{"online":\#(isOnline),"timestamp":\#(time)}"#.utf8),
                retain: true))
    }

    func askForRebirth() {
        let name = Array("Node Control/Rebirth".utf8)
        let metric = [0x0A, UInt8(name.count)] + name + [0x70, 1]
        uplink.bring(
            IncomingMessage(
                topic: "spBv1.0/acme:hengelo/NCMD/box-1", payload: [0x12, UInt8(metric.count)] + metric, qos: 0))
    }

    var seen: [SeenMessage] { uplink.messages.map(SeenMessage.init) }

    /// The values of the counters of a machine's signal in DDATA, in order, and which of them are historical.
    func data(_ device: String, alias: UInt64, since place: Int = 0) -> [(number: UInt64, isHistorical: Bool)] {
        seen[place...].filter { $0.type == "DDATA" && $0.device == device }.flatMap { $0.payload?.metrics ?? [] }
            .filter { $0.alias == alias }
            .compactMap { metric in
                let number = metric.value?.number ?? metric.value?.float.map { UInt64($0) }
                return number.map { ($0, metric.isHistorical == true) }
            }
    }
}

/// A message as a host sees it.
struct SeenMessage: Sendable {
    let message: OutgoingMessage
    let levels: [String]
    let payload: ReadPayload?

    init(_ message: OutgoingMessage) {
        self.message = message
        levels = message.topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        payload = ReadPayload(message.payload)
    }

    var type: String { levels.count > 2 ? levels[2] : "" }
    var device: String? { levels.count > 4 ? levels[4] : nil }
    var name: String { device.map { "\(type) \($0)" } ?? type }
}
