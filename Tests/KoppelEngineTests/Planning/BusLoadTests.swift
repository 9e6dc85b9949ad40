import Foundation
import KoppelCore
import Testing

@testable import KoppelEngine

struct BusLoadTests {
    /// A machine of so many neighbouring registers.
    private func machine(
        _ id: String, unit: UInt8 = 1, registers: Int, every interval: Duration, slow: Duration? = nil
    ) throws -> MachineSettings {
        let points = try (0..<registers).map { index in
            try point("p\(index)", at: UInt16(index), every: index < registers / 2 ? slow ?? interval : interval)
        }
        let name = try #require(Identifier(id))
        let profile = DeviceProfile(
            id: name, version: "1.0.0", manufacturer: "Acme", model: "M", interval: interval, points: points)
        return MachineSettings(
            id: name, bus: try #require(Identifier("meters")), unit: UnitID(unit), profile: profile, location: [],
            nameplate: Nameplate(manufacturer: "Acme", model: "M"), points: points)
    }

    private func line(_ baud: Int) throws -> BusSettings {
        BusSettings(
            id: try #require(Identifier("meters")),
            endpoint: .rtu(device: "/dev/ttyUSB0", line: SerialLine(baud: baud)))
    }

    private func endpoint(host: String) throws -> BusSettings {
        BusSettings(id: try #require(Identifier("meters")), endpoint: .tcp(host: host, port: 502))
    }

    @Test func `the load of a group is its time over its interval`() throws {
        let load = BusLoad(
            bus: try line(9_600), machines: [try machine("a", registers: 100, every: .seconds(1), slow: .seconds(10))])
        #expect(load.rows.map(\.interval) == [.seconds(1), .seconds(10)])
        #expect(load.rows.map(\.registers) == [50, 50])
        // 113 characters of 1,145.8 µs, two silences, 5 ms.
        #expect(load.rows.map(\.time.short) == ["142 ms", "142 ms"])
        #expect(abs(load.load - 0.1570) < 0.0005)
        #expect(load.fullSweepRequests == 1)
        #expect(load.verdict == .fits)
        #expect(load.waysOut.isEmpty && load.note == nil && load.problems.isEmpty)
    }

    @Test func `R16, P33: a slow line with many units is refused with three ways out`() throws {
        let machines = try (1...10).map {
            try machine("meter-\($0)", unit: UInt8($0), registers: 60, every: .seconds(1))
        }
        let load = BusLoad(bus: try line(1_200), machines: machines)
        #expect(load.verdict == .doesNotFit)
        #expect(load.rows.count == 10)
        #expect(
            load.waysOut == [
                "Read nothing on this bus more often than every 20 s (now 1 s): bus load 64 %.",
                "Set the line and every unit on it to 38400 baud instead of 1200: bus load 47 %.",
                "Set the line and every unit on it to 9600 baud, and make every interval 3 times longer: "
                    + "bus load 55 %.",
            ])
    }

    @Test func `P33: the ways out are told with the load they lead to`() throws {
        let machines = [
            try machine("press", unit: 1, registers: 120, every: .milliseconds(250)),
            try machine("meter", unit: 2, registers: 20, every: .seconds(1)),
        ]
        let load = BusLoad(bus: try line(9_600), machines: machines)
        #expect(load.verdict == .doesNotFit)
        #expect(load.load.percent == "129 %")
        #expect(
            load.waysOut == [
                "Read every signal of press every 500 ms instead of 250 ms: bus load 68 %.",
                "Set the line and every unit on it to 19200 baud instead of 9600: bus load 66 %.",
            ])
    }

    @Test func `P33: the signals to slow down are named as the site file would name them`() throws {
        func machines(_ count: Int) throws -> [MachineSettings] {
            try (1...count).map { number in
                var one = try machine("meter-\(number)", unit: UInt8(number), registers: 0, every: .seconds(1))
                one.profile.id = try #require(Identifier("acme-meter"))
                one.points = try (0..<20).map { index in
                    index < 10
                        ? try point("power-\(index)", at: UInt16(index))
                        : try point("thd-\(index)", at: UInt16(index * 4), .uint64)
                }
                return one
            }
        }
        let one = BusLoad(bus: try line(1_200), machines: try machines(1))
        #expect(one.waysOut.first?.hasPrefix("Read test/thd-* of meter-1 every ") == true, "\(one.waysOut)")
        let six = BusLoad(bus: try line(9_600), machines: try machines(6))
        #expect(
            six.waysOut.first?.hasPrefix("Read test/thd-* of the 6 machines with profile acme-meter every ") == true,
            "\(six.waysOut)")
    }

    @Test func `P28: what was learned is planned around`() throws {
        let one = try machine("a", registers: 40, every: .seconds(1))
        let fact = LearnedFact(
            unit: UnitOnBus(bus: one.bus, unit: one.unit),
            model: DeviceModel(profile: one.profile.id, version: one.profile.version),
            kind: .points(RegisterSpan(table: .holdingRegister, addresses: 17...17)),
            exception: ModbusException(code: 2), learned: Timestamp(nanoseconds: 0))
        let load = BusLoad(bus: try line(9_600), machines: [one], facts: FactBoard([fact]))
        #expect(load.rows.map { brief($0.reads) } == [["holding 0+17", "holding 18+22"]])
    }

    @Test func `between 80 and 100 % it is tight, and over TCP it is never refused on assumptions`() throws {
        let press = try machine("press", registers: 120, every: .milliseconds(350))
        #expect(BusLoad(bus: try line(9_600), machines: [press]).verdict == .tight)
        let fast = try (1...10).map { try machine("m-\($0)", registers: 2, every: .milliseconds(10)) }
        let load = BusLoad(bus: try endpoint(host: "plc"), machines: fast)
        #expect(load.verdict == .mayNotFit)
        #expect(load.isEstimate)
        #expect(
            BusLoad(bus: try endpoint(host: "plc"), machines: fast, cost: .tcp(roundTrip: .microseconds(100))).verdict
                == .fits)
    }

    @Test func `a full sweep longer than the shortest interval is noted`() throws {
        let machines = [
            try machine("fast", unit: 1, registers: 1, every: .milliseconds(100)),
            try machine("slow", unit: 2, registers: 120, every: .seconds(60)),
        ]
        let load = BusLoad(bus: try line(9_600), machines: machines)
        #expect(load.verdict == .fits)
        #expect(
            load.note == "When everything is due at once the sweep takes 333 ms, longer than the shortest interval of "
                + "100 ms: slots are missed then, and declared.")
    }

    @Test func `as fast as the bus takes it has no load of its own`() throws {
        let load = BusLoad(bus: try endpoint(host: "plc"), machines: [try machine("a", registers: 4, every: .zero)])
        #expect(load.rows.map(\.load) == [nil])
        #expect(load.load == 0 && load.verdict == .fits)
    }

    @Test func `machines on other buses do not count, and helpers do not count as signals`() throws {
        var other = try machine("other", registers: 4, every: .seconds(1))
        other.bus = try #require(Identifier("elsewhere"))
        var helped = try machine("helped", registers: 0, every: .seconds(1))
        helped.points = try [
            point("a", at: 0, scale: "s", every: .seconds(1)),
            point("s", at: 1, every: .seconds(5), published: false),
            point("run", .coil, at: 1, .bool, every: .seconds(1), published: false),
            point("spare", .inputRegister, at: 1, every: .seconds(1), published: false),
        ]
        // The state needs `run`; nobody needs `spare`, so it is not read.
        helped.profile.stateRule = StateRule(basis: .bits(fault: nil, run: SignalName("test/run"), power: nil))
        let load = BusLoad(bus: try line(9_600), machines: [other, helped])
        #expect(load.rows.map(\.signals) == [1])
        #expect(load.rows.map(\.requests) == [2])
        #expect(load.rows.map(\.registers) == [2])
        #expect(load.rows.map(\.bits) == [1])
    }

    @Test func `D11: points that cannot be read are told with their machine`() throws {
        var broken = try machine("broken", registers: 0, every: .seconds(1))
        broken.points = [try point("a", at: 0, scale: "s", every: .seconds(1))]
        let load = BusLoad(bus: try line(9_600), machines: [broken])
        #expect(load.problems.map(\.machine.description) == ["broken"])
        #expect(load.rows.map(\.requests) == [0])
    }

    @Test func `the journal lasts until its bytes or its age run out`() throws {
        let load = BusLoad(bus: try line(9_600), machines: [try machine("a", registers: 10, every: .seconds(1))])
        // At most 864,000 readings a day, at least a tenth of a minute's worth of them: 14,400.
        let short = JournalForecast(
            loads: [load], bytesPerReading: 20,
            settings: JournalSettings(limit: 17_280_000, keep: .seconds(10 * 86_400)))
        #expect(short.mostBytesPerDay == 17_280_000 && short.leastBytesPerDay == 288_000)
        #expect(short.leastHours == 24)
        #expect(short.mostHours == 240)
        #expect(JournalForecast(loads: [], bytesPerReading: 20, settings: JournalSettings()).leastHours == nil)
    }

    @Test func `as a document, times are milliseconds and loads are percent`() throws {
        let load = BusLoad(bus: try line(9_600), machines: [try machine("a", registers: 2, every: .seconds(1))])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(load), as: UTF8.self)
        #expect(
            text == """
                {"bus":"meters","connections":0,"fullSweepMs":32.5,"fullSweepRequests":1,"isEstimate":false,"loadPercent":3.2,\
                "problems":[],"rows":[{"bits":0,"intervalMs":1000,"leastReadingsPerDay":2880,"loadPercent":3.2,\
                "machine":"a","mostReadingsPerDay":172800,\
                "reads":[{"count":2,"first":0,"signals":2,"table":"holding","timeMs":32.5}],"registers":2,"requests":1,"signals":2,"timeMs":32.5,\
                "unit":1}],"units":1,"verdict":"fits","waysOut":[]}
                """)
    }
}
