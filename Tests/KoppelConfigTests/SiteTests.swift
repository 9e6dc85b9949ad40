import Foundation
import KoppelConfig
import KoppelCore
import Synchronization
import Testing

/// What a site file becomes: the example of the blueprint, and choosing, overriding and adding signals.
struct SiteTests {
    @Test func `the example of the blueprint loads as it stands`() throws {
        let site = try #require(try load(try Fixture.text("site-good-blueprint.yaml")).site)
        #expect(site.agent.id.description == "box-1")
        #expect(site.agent.location.map(\.level) == ["Enterprise", "Site"])
        #expect(site.agent.journal.limit == 2 << 30)
        #expect(site.agent.journal.keep == .seconds(30 * 86_400))
        #expect(site.agent.journal.durability == .power)
        #expect(
            site.buses.map(\.endpoint) == [
                .tcp(host: "127.0.0.1", port: 1_502),
                .rtu(device: "/dev/serial/by-id/usb-FTDI_0001", line: SerialLine(baud: 9_600)),
            ])
        let machine = try #require(site.machines.first)
        #expect(machine.location.map(\.level) == ["Enterprise", "Site", "Area", "ProductionLine", "EquipmentModule"])
        #expect(machine.location.map(\.id.description) == ["acme", "hengelo", "hal-3", "lijn-1", "main-meter"])
        #expect(machine.profile.id.description == "eastron-sdm630-v2")
        #expect(
            intervals(machine) == [
                "electrical/voltage-l1": .seconds(1), "electrical/frequency": .seconds(10),
                "energy/import": .seconds(10),
            ])
        let hub = try #require(site.destinations.first { $0.id.description == "hub-zuidholland" })
        #expect(hub.port == 8_883)
        #expect(hub.tls?.key == .file(path: "/run/credentials/koppel.service/box-key"))
        #expect(hub.share == .missingPolicy(path: "/etc/koppel/sharing/hub-zuidholland.yaml"))
        #expect(site.destinations.map(\.isServed) == [true, false, true])
        #expect(site.destinations.map(\.publish.count) == [6, 2, 5])
        #expect(site.page == PageSettings(host: "127.0.0.1", port: 8_470))
    }

    @Test func `a profile is read once, however many machines use it`() throws {
        var text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {hall: {url: "tcp://192.0.2.1:502"}}
            machines:

            """
        for unit in 1...200 {
            text += "  m\(unit): {bus: hall, unit: \(unit), profile: eastron/sdm630-v2, every: 60s}\n"
        }
        let files = CountingFiles(files: try Fixture.files(adding: ["site.yaml": text]))
        let load = loadSite(at: "site.yaml", library: ProfileLibrary(folders: ["Devices"], files: files), files: files)
        #expect(load.site?.machines.count == 200, "\(load.issues)")
        #expect(files.reads.all.withLock { $0 } == ["site.yaml": 1, "Devices/eastron/sdm630-v2.yaml": 1])
    }

    @Test
    func
        `tck-id-intro-group-id-string, tck-id-intro-edge-node-id-string: who we are in Sparkplug comes from the location`()
        throws
    {
        let site = try #require(try load(try Fixture.text("site-good-blueprint.yaml")).site)
        let scada = try #require(site.destinations.first { $0.id.description == "scada" })
        #expect(scada.sparkplug == SparkplugSettings(group: "acme:hengelo", node: "box-1"))
        #expect(scada.publish.contains(.values), "a birth says how things stand")
    }

    @Test(arguments: [("mqtt://b", "n", true), ("mqtt://b", "m", false), ("mqtt://c", "n", false)])
    func
        `tck-id-intro-edge-node-id-uniqueness, tck-id-topic-structure-namespace-unique-edge-node-descriptor, tck-id-payloads-nbirth-edge-node-descriptor: no edge node is on a broker twice`(
            url: String, node: String, isRefused: Bool
        ) throws
    {
        let load = try load(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            destinations:
              one: {url: "mqtt://b", share: all, dialect: sparkplug-b, sparkplug: {node: n}}
              two: {url: "\(url)", share: all, client-id: x, dialect: sparkplug-b, sparkplug: {node: \(node)}}
            """)
        #expect((load.site == nil) == isRefused)
        #expect(load.issues.count == (isRefused ? 1 : 0))
    }

    @Test func `P05: direction control by the kernel stands in the url`() throws {
        let load = try load(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses:
              a: {url: "rtu:/dev/ttyS1?format=8O2&rs485=true&rts-on-send=false&delay-before-send=1ms&delay-after-send=2ms"}
              b: {url: "rtu:/dev/ttyS2?rs485=true"}
              c: {url: "rtu:/dev/ttyS3?rs485=false"}
            """)
        let rs485 = RS485(rtsOnSend: false, delayBeforeSend: .milliseconds(1), delayAfterSend: .milliseconds(2))
        let lines = [SerialLine(parity: .odd, stopBits: 2, rs485: rs485), SerialLine(rs485: RS485()), SerialLine()]
        let devices = ["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"]
        #expect(load.site?.buses.map(\.endpoint) == zip(devices, lines).map { .rtu(device: $0, line: $1) })
    }

    @Test func `a bus may be a device server, and connect for each sweep`() throws {
        let site = try #require(
            try load(
                """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
                buses:
                  plain: {url: "rtu+tcp://gateway:4001"}
                  full: {url: "rtu+tcp://[fe80::1]:4001?baud=19200&format=8N2", connection: keep}
                  swept: {url: "tcp://plc", connection: per-sweep}

                """
            ).site)
        #expect(
            site.buses.map(\.endpoint) == [
                .rtuOverTCP(host: "gateway", port: 4_001),
                .rtuOverTCP(
                    host: "fe80::1", port: 4_001, line: SerialLine(baud: 19_200, parity: .none, stopBits: 2)),
                .tcp(host: "plc", port: 502),
            ])
        #expect(site.buses.map(\.connection) == [.keep, .keep, .perSweep])
    }

    @Test func `a machine may be simulated, slower than its profile and have its own timing`() throws {
        let machine = try machine("simulated: true, timeout: 300ms, pause: 5ms, every: 1min, title: Meter")
        #expect(machine.simulated)
        #expect(machine.profile.timing.responseTimeout == .milliseconds(300))
        #expect(machine.profile.timing.pauseBeforeRequest == .milliseconds(5))
        #expect(machine.title == ["nl": "Meter", "en": "Meter"])
        #expect(Set(machine.points.map(\.sampling.interval)) == [.seconds(60)])
        // The counter's own ages of 30 s and 100 s: the first is shorter than the interval and goes.
        let counter = try #require(machine.points.last)
        #expect(counter.sampling.staleAfter == nil)
        #expect(counter.sampling.badAfter == .seconds(100))
    }

    @Test func `row 30: the machines of a simulated bus are simulated, and none of them can say that it is not`() throws
    {
        func load(_ mark: String, bus: String = ", simulated: true") throws -> SiteLoad {
            let files = try Fixture.files(adding: [
                "site.yaml": """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
                buses:
                  hal-3: {url: "tcp://127.0.0.1:1502"\(bus)}
                  hal-4: {url: "tcp://127.0.0.1:1503"}
                machines:
                  first: {bus: hal-3, unit: 1, profile: eastron/sdm630-v2}
                  second: {bus: hal-3, unit: 2, profile: eastron/sdm630-v2\(mark)}
                  other: {bus: hal-4, unit: 1, profile: eastron/sdm630-v2}
                """
            ])
            return loadSite(at: "site.yaml", library: ProfileLibrary(folders: ["Devices"], files: files), files: files)
        }
        #expect(try load("").site?.machines.map(\.simulated) == [true, true, false])
        #expect(try load(", simulated: true").site?.machines.map(\.simulated) == [true, true, false])
        #expect(try load(", simulated: true", bus: "").site?.machines.map(\.simulated) == [false, true, false])
        #expect(try load("", bus: ", simulated: false").site?.machines.map(\.simulated) == [false, false, false])
        let contrary = try load(", simulated: false")
        #expect(contrary.site == nil)
        #expect(contrary.issues.map(\.sentence) == ["bus `hal-3` is simulated, and so is every machine on it"])
    }

    @Test func `P07: a machine says what it may do on its bus, whatever its profile`() throws {
        let plain = try machine("title: Meter")
        #expect(plain.polling == PollingRules())
        let machine = try machine("share: 25%, retries: 0, timeout: 300ms")
        #expect(machine.polling == PollingRules(share: 0.25, retries: 0, isTimeoutFixed: true))
        let signal = try self.machine("signals: {energy/import: {frozen-after: 10min, max-change-per-second: 2.5}}")
        let sampling = try #require(signal.points.first { $0.signal.description == "energy/import" }).sampling
        #expect(sampling.frozenAfter == .seconds(600))
        #expect(sampling.maxChangePerSecond == 2.5)
    }

    @Test func `a scale of the site file takes the place of the profile's, and what is no measured number has none`()
        throws
    {
        let machine = try machine("signals: {electrical/*: {scale: -1}, electrical/frequency: {scale: 0.1}}")
        let scales = Dictionary(machine.points.map { ($0.signal.description, $0.scaling) }) { first, _ in first }
        #expect(scales["electrical/frequency"] == Scaling(scale: 0.1, offset: 0))
        #expect(scales["electrical/voltage-l1"] == Scaling(scale: -1, offset: 0))
        #expect(scales["energy/import"] == Scaling.none)
        for (text, issue) in [
            ("energy/import: {scale: -1}", "`energy/import` is no measured number"),
            ("\"*\": {scale: -1}", "is no measured number"), ("electrical/frequency: {scale: 0}", "a scale of 0"),
        ] {
            let load = try loadMachine("signals: {\(text)}")
            #expect(load.issues.contains { $0.description.contains(issue) }, "\(text): \(load.issues)")
            #expect(load.site == nil)
        }
    }

    @Test(arguments: ["0s", "0ms"])
    func `zero reads as fast as the bus takes it, for a machine or a signal`(zero: String) throws {
        #expect(Set(intervals(try machine("every: \(zero)")).values).contains(.zero))
        #expect(intervals(try machine("signals: {energy/import: {every: \(zero)}}"))["energy/import"] == .zero)
    }

    @Test func `a signal that is named beats a pattern, whatever comes first`() throws {
        let machine = try machine(#"signals: {energy/import: {every: 5s}, "*": off, electrical/frequency: on}"#)
        #expect(intervals(machine).keys.sorted() == ["electrical/frequency", "electrical/voltage-l1", "energy/import"])
        #expect(intervals(machine)["energy/import"] == .seconds(5))
        // The alarm needs the voltage: it is read, and not published.
        #expect(machine.points.filter { !$0.published }.map(\.signal.description) == ["electrical/voltage-l1"])
    }

    @Test func `a full definition adds a signal in the notation of the profile`() throws {
        let machine = try machine(
            """
            signals: {extra/phase: {label: {nl: Hoek, en: Angle}, entity: InputRegister, address: 66, every: 5s,
              wireType: float32, kind: measurement, unit: {ucum: deg},
              quantityKind: "http://qudt.org/vocab/quantitykind/Angle"}}
            """)
        let added = try #require(machine.points.first { $0.signal.description == "extra/phase" })
        #expect(added.address == 66)
        #expect(added.sampling.interval == .seconds(5))
    }

    @Test(arguments: [
        ("electrical/frequency: off", 70, true), (#""*/freq*": off"#, 70, true),
        ("electrical/frequency: on", 70, false),
        // The alarm needs the voltage, so it is read all the same.
        ("electrical/voltage-l1: off", 0, false),
    ])
    func `what is off leaves its address to a signal of the site`(
        _ change: String, _ address: Int, _ isFree: Bool
    ) throws {
        let load = try loadMachine(
            """
            signals: {\(change), extra/mine: {label: {nl: Mijn, en: Mine}, entity: InputRegister, address: \(address),
              wireType: uint32, kind: event}}
            """)
        let points = load.site?.machines.first?.points
        #expect(points?.contains { $0.signal.description == "extra/mine" } == (isFree ? true : nil))
        #expect(load.issues.contains { $0.description.contains("reads data address \(address)") } != isFree)
    }

    @Test(arguments: [
        ("", true), (", validWhen: {signal: power/measured, is: 1, otherwise: no-data}", false),
    ])
    func `a signal that is written again without its condition would look good, and that is told`(
        _ condition: String, _ isTold: Bool
    ) throws {
        let point = """
            {label: {nl: Vermogen, en: Power}, entity: InputRegister, address: 30001, wireType: int32, kind: measurement,
                  unit: {ucum: kW}, quantityKind: "http://qudt.org/vocab/quantitykind/ActivePower"\(condition)}
            """
        var files = try Fixture.files(adding: [
            "/s/s.yaml": head + "    signals: {power/active: \(point)}\n    profile: p.yaml\n"
        ])
        files.contents["/s/p.yaml"] = try Fixture.text("profile-good-everything.yaml")
        let load = loadSite(at: "/s/s.yaml", library: ProfileLibrary(folders: [], files: files), files: files)
        #expect(load.site != nil)
        #expect(load.issues.contains { $0.description.contains("without `validWhen`") } == isTold, "\(load.issues)")
    }

    @Test(arguments: ["power/scale", "power/measured"])
    func `a scale register or status that is off is read for the signal that needs it`(_ name: String) throws {
        var files = try Fixture.files(adding: [
            "/s/s.yaml": head + "    signals: {\(name): off}\n    profile: p.yaml\n"
        ])
        files.contents["/s/p.yaml"] = try Fixture.text("profile-good-everything.yaml")
        let load = loadSite(at: "/s/s.yaml", library: ProfileLibrary(folders: [], files: files), files: files)
        #expect(load.issues == [])
        let helper = try #require(load.site?.machines.first?.points.first { $0.signal.description == name })
        #expect(!helper.published)
    }

    @Test(arguments: [
        ("electrical/*", true), ("*", true), ("*/*-l1", true), ("elec*vol*", true), ("*age", false),
        ("electrical/voltage", false), ("electrical/voltage-l1*", true), ("*l1*l1", false),
    ]) func `a star stands for any text`(_ pattern: String, _ fits: Bool) throws {
        let load = try loadMachine("signals: {\"\(pattern)\": {every: 7s}}", onlyFirstSignal: true)
        #expect((load.site != nil) == fits)
        #expect(load.site?.machines.first?.points.first?.sampling.interval == (fits ? .seconds(7) : nil))
    }

    private let head = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
        buses: {hal-3: {url: "tcp://127.0.0.1:1502"}}
        machines:
          meter:
            bus: hal-3
            unit: 1

        """

    private func load(_ text: String) throws -> SiteLoad {
        let files = try Fixture.files(adding: ["site.yaml": text])
        return loadSite(at: "site.yaml", library: ProfileLibrary(folders: ["Devices"], files: files), files: files)
    }

    private func machine(_ keys: String) throws -> MachineSettings {
        let load = try loadMachine(keys)
        return try #require(load.site?.machines.first, "\(load.issues)")
    }

    /// A site with one meter that has these keys too.
    private func loadMachine(_ keys: String, onlyFirstSignal: Bool = false) throws -> SiteLoad {
        var files = try Fixture.files(adding: [
            "site.yaml": """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {hal-3: {url: "tcp://127.0.0.1:1502"}}
            machines:
              meter: {bus: hal-3, unit: 1, profile: eastron/sdm630-v2, \(keys)}
            """
        ])
        let path = "Devices/eastron/sdm630-v2.yaml"
        if onlyFirstSignal, let text = files.contents[path], let end = text.range(of: "  - signal: electrical/freq") {
            files.contents[path] = String(text[..<end.lowerBound])
        }
        return loadSite(at: "site.yaml", library: ProfileLibrary(folders: ["Devices"], files: files), files: files)
    }

    private func intervals(_ machine: MachineSettings) -> [String: Duration?] {
        Dictionary(machine.points.map { ($0.signal.description, $0.sampling.interval) }) { first, _ in first }
    }
}

/// Files that count how often each is read.
private struct CountingFiles: ConfigFiles {
    final class Reads: Sendable {
        let all = Mutex<[String: Int]>([:])
    }

    let files: MemoryFiles
    let reads = Reads()
    var user: UInt32 { files.user }

    func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        reads.all.withLock { $0[path, default: 0] += 1 }
        return try files.read(path, limit: limit)
    }

    func names(in folder: String) throws(FileFault) -> [String] { try files.names(in: folder) }
    func realPath(_ path: String) -> String? { files.realPath(path) }
    func facts(_ path: String) -> FileFacts? { files.facts(path) }
}
