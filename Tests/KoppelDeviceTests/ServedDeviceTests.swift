import Foundation
import KoppelAgent
import KoppelConfig
import KoppelCore
import KoppelEngine
import Testing

/// Every profile under `Devices`, served as `koppel simulate` serves it and read as `koppel read` reads it.
@Suite(.timeLimit(.minutes(5)))
struct ServedDeviceTests {
    /// Some time after the simulation began, so that nothing is where it started.
    private static let moment = Duration.milliseconds(754_321)

    /// A machine of each profile, each on a bus of its own.
    private static let site = SiteOfAll.load()

    @Test func `a site file can name every profile of the library`() {
        #expect(Self.site.issues.isEmpty, "\(Self.site.issues.map(\.description).joined(separator: "\n"))")
        #expect(Self.site.site?.machines.count == Device.all.count)
    }

    @Test(arguments: Device.all)
    func `what is read over Modbus TCP is what the simulation encodes, and good`(_ device: Device) async throws {
        try await expectSame(device, at: .tcp(host: "127.0.0.1", port: 0))
    }

    /// Floats, 64-bit numbers and texts, swapped words, coils and bits, scale registers.
    private static let onSerialLine = [
        "eastron/sdm630-v2", "schneider/iem3155", "carlo-gavazzi/em340", "waveshare/modbus-rtu-relay-8ch",
        "moxa/iologik-e1214", "sunspec/inverter-103-160",
    ]

    @Test(arguments: Device.all.filter { onSerialLine.contains($0.id) })
    func `what is read over a serial line is what the simulation encodes, and good`(_ device: Device) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-\(UUID().uuidString)").path
        try await expectSame(device, at: .rtu(device: path, line: SerialLine(baud: 115_200, parity: .none)))
    }

    @Test func `the profiles for the serial line are there`() {
        #expect(Set(Self.onSerialLine).isSubset(of: Device.all.map(\.id)))
    }

    private func expectSame(_ device: Device, at endpoint: BusEndpoint) async throws {
        let site = try #require(Self.site.site)
        let machine = try #require(site.machines.first { $0.id.description == device.machine })
        let bus = BusSettings(id: machine.bus, endpoint: endpoint, timeout: .seconds(10))
        let now = try await read(machine, on: bus)
        #expect(now.failures == [])
        let read = Dictionary(uniqueKeysWithValues: now.signals.map { ($0.point.signal, $0) })
        let encoded = encoded(machine)
        for point in machine.profile.points {
            guard let signal = read[point.signal] else {
                // A helper that no published signal needs is not read.
                #expect(!point.published, "\(point.signal) was not read")
                continue
            }
            #expect(signal.decoded.condition == .good, "\(point.signal): \(signal.decoded)")
            #expect(signal.decoded == encoded[point.signal], "\(point.signal)")
        }
        var states = StateReader()
        let state = states.state(of: machine, from: now.signals, at: Timestamp(nanoseconds: 0))
        if machine.profile.stateRule != nil {
            #expect(state?.condition.quality != .bad, "the state: \(String(describing: state))")
        }
    }

    private func read(_ machine: MachineSettings, on bus: BusSettings) async throws -> LiveReader.MachineNow {
        let moment = Self.moment
        let factory = try SimulatedFactory(buses: [bus], machines: [machine], moment: { moment })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await factory.run() }
            var reached = bus
            reached.endpoint = try #require(factory.served.first).endpoint
            let probe = try RegisterProbe(bus: reached, clock: .system())
            try await probe.open()
            let now = await LiveReader(probe).read(machine)
            await probe.close()
            group.cancelAll()
            return now
        }
    }

    /// What the simulation means by its words, asked signal by signal and without a bus.
    private func encoded(_ machine: MachineSettings) -> [SignalName: Decoded] {
        let device = SimulatedDevice(machine: machine, seed: SimulatedFactory.seed(of: machine.id))
        // Limits and gaps of requests are the planner's matter: each register is asked for by itself.
        var words: [RegisterTable: [UInt16: [UInt16]]] = [:]
        for point in machine.profile.points {
            let outcome = device.answer(
                table: point.table, start: point.address, count: point.wire.registers, at: Self.moment)
            guard case .words(let answer) = outcome else { continue }
            words[point.table, default: [:]][point.address] = answer
        }
        let decoded = decodeAll(points: machine.profile.points, words: words)
        return Dictionary(uniqueKeysWithValues: decoded.map { ($0.signal, $0.decoded) })
    }
}

/// One site file with a machine of every profile of the library.
private enum SiteOfAll {
    static func load() -> SiteLoad {
        var text = "koppel: 1\nagent: {id: box-1, location: {enterprise: acme, site: hengelo}}\nbuses:\n"
        for (index, device) in Device.all.enumerated() {
            text += "  \(device.machine): {url: \"tcp://127.0.0.1:\(20_000 + index)\"}\n"
        }
        text += "machines:\n"
        for device in Device.all {
            text += "  \(device.machine): {bus: \(device.machine), unit: 1, profile: \(device.id)}\n"
        }
        let files = FilesWithText(text, at: "every-profile.yaml", beside: DiskFiles())
        return loadSite(at: files.path, library: Device.library, files: files)
    }
}
