import KoppelConfig
import KoppelCore
import Testing

/// What a profile becomes, the library that finds it, and the vectors that prove it.
struct ProfileTests {
    @Test func `the example of the blueprint loads, unit 1 and no counter`() throws {
        let load = loadProfile(at: "p.yaml", files: try files("profile-good-acme-counter.yaml"))
        let profile = try #require(load.profile)
        #expect(profile.interval == .milliseconds(200))
        #expect(profile.timing.responseTimeout == .milliseconds(500))
        let point = try #require(profile.points.first)
        #expect(point.wire == .uint32 && point.unit?.ucum == "1" && point.counter == nil)
        #expect(point.sampling.everyReading)
    }

    @Test func `every key of the format arrives`() throws {
        let profile = try #require(loadProfile(at: "p.yaml", files: try files("profile-good-everything.yaml")).profile)
        let points = Dictionary(uniqueKeysWithValues: profile.points.map { ($0.signal.description, $0) })
        #expect(profile.limits.registersPerRequest == 40 && profile.limits.bitsPerRequest == 64)
        #expect(profile.limits.readableGaps == [RegisterSpan(table: .holdingRegister, addresses: 9...18)])
        #expect(profile.timing.pauseBeforeRequest == .milliseconds(20))
        #expect(profile.confidence == .medium && profile.version == "2.10.0" && profile.sources.count == 1)
        let power = try #require(points["power/active"])
        #expect(power.address == 0 && power.order == ByteOrder(bytes: true))
        #expect(power.scaling == Scaling(numerator: 1, denominator: 10, offset: -5))
        #expect(power.scaleRegister == SignalName("power/scale") && power.group == "power")
        #expect(
            power.sentinels == [
                Sentinel(pattern: .bits(0x8000_0000), meaning: .notSupported),
                Sentinel(pattern: .bits(0x7FFF_FFFF), meaning: .overRange),
            ])
        #expect(power.range == Band(low: 0, high: 5_000) && power.limits == Band(low: -100, high: 10_000))
        let quality = try #require(SignalName("power/quality"))
        #expect(
            power.validWhen == [
                ValidityRule(
                    signal: quality, accepted: [0, 4], otherwise: .byNumber([1: .sensorFault, 2: .overRange])),
                ValidityRule(
                    signal: try #require(SignalName("power/measured")), accepted: [1], otherwise: .meaning(.noData)),
            ])
        #expect(points["status/high"]?.validWhen.map(\.otherwise) == [.meaning(.noData)])
        #expect(points["power/scale"]?.published == false)
        #expect(points["power/scale"]?.order == ByteOrder(mostSignificantByte: true, mostSignificantWord: false))
        #expect(points["temperature/oil"]?.order == ByteOrder(words: true, doubleWords: true))
        #expect(points["temperature/oil"]?.sentinels.first?.pattern == .notANumber)
        #expect(points["status/light"]?.address == 16)
        #expect(points["status/mode"]?.wire == .bits(lsb: 0, width: 4))
        #expect(points["status/mode"]?.enumeration[7] == "auto")
        #expect(points["status/high"]?.wire == .uint8(.high) && points["status/low"]?.wire == .int8(.low))
        #expect(points["status/door"]?.sentinels.first?.pattern == .register(0xFFFF))
        #expect(points["status/high"]?.sentinels.first?.pattern == .bits(0xFF))
        #expect(points["device/name"]?.wire == .string(.lowByteFirst, registers: 4))
        #expect(points["parts/total"]?.wire == .bcd(registers: 2))
        #expect(
            points["parts/total"]?.counter
                == CounterRule(
                    modulus: 100_000_000, reset: .powerCycle, maxRatePerSecond: 20, counts: .all))
        #expect(points["parts/total"]?.sampling.heartbeat == .seconds(10))
        guard case .register(let signal, let map) = profile.stateRule?.basis else {
            Issue.record("no state rule")
            return
        }
        #expect(signal == SignalName("status/mode"))
        #expect(map[7] == StateRule.MappedState(state: "executing", mode: "processing", cause: "none", sub: "running"))
        #expect(profile.alarms.map(\.trigger) == [.isTrue, .above(70)])
    }

    @Test(arguments: [
        ("AB", 1, ByteOrder()), ("BA", 1, ByteOrder(bytes: true)), ("CDAB", 2, ByteOrder(words: true)),
        ("DCBA", 2, ByteOrder(bytes: true, words: true)), ("CDABGHEF", 4, ByteOrder(words: true)),
        ("EFGHABCD", 4, ByteOrder(doubleWords: true)), ("GHEFCDAB", 4, ByteOrder(words: true, doubleWords: true)),
        ("HGFEDCBA", 4, ByteOrder(bytes: true, words: true, doubleWords: true)),
    ]) func `P36: an order is told by its letters`(_ letters: String, _ registers: Int, _ order: ByteOrder) throws {
        let type = [1: "uint16", 2: "uint32", 4: "uint64"][registers] ?? ""
        let profile = loadProfile(
            at: "p.yaml",
            files: MemoryFiles(contents: [
                "p.yaml": head("zero-based") + """
                    points: [{signal: a/b, label: {nl: x, en: x}, entity: InputRegister, address: 0, wireType: \(type), kind: event, order: \(letters)}]
                    """
            ])
        ).profile
        #expect(profile?.points.first?.order == order)
    }

    @Test(arguments: [
        ("zero-based", "HoldingRegister", "40001", 40_001), ("zero-based", "HoldingRegister", "0x1F", 31),
        ("one-based", "InputRegister", "1", 0), ("one-based", "InputRegister", "65536", 65_535),
        ("modicon", "InputRegister", "30001", 0), ("modicon", "InputRegister", "39999", 9_998),
        ("modicon", "InputRegister", "365536", 65_535), ("modicon", "HoldingRegister", "40001", 0),
        ("modicon", "HoldingRegister", "400001", 0), ("modicon", "DiscreteInput", "10001", 0),
        ("modicon", "DiscreteInput", "100001", 0), ("modicon", "Coil", "1", 0), ("modicon", "Coil", "00001", 0),
        ("modicon", "Coil", "010001", 10_000),
    ]) func `P39: an address is converted once`(_ notation: String, _ entity: String, _ text: String, _ data: Int) {
        let type = entity.hasSuffix("Register") ? "uint16" : "bool"
        let load = loadProfile(
            at: "p.yaml",
            files: MemoryFiles(contents: [
                "p.yaml": head(notation) + """
                    points: [{signal: a/b, label: {nl: x, en: x}, entity: \(entity), address: \(text), wireType: \(type), kind: event}]
                    """
            ]))
        #expect(load.issues == [])
        #expect(load.profile?.points.first?.address == UInt16(data))
    }

    @Test func `the library lists by id, and an earlier folder hides a later one`() throws {
        let files = MemoryFiles(contents: [
            "/a/acme/x.yaml": "", "/a/acme/x.vectors.yaml": "", "/a/README.md": "", "/a/loose.yaml": "",
            "/b/acme/x.yaml": "", "/b/zeta/y.yaml": "",
        ])
        let library = ProfileLibrary(folders: ["/a", "/missing"], shipped: "/b", files: files)
        #expect(library.list().map(\.id) == ["acme/x", "zeta/y"])
        #expect(library.list().map(\.path) == ["/a/acme/x.yaml", "/b/zeta/y.yaml"])
        #expect(library.path(of: "zeta/y") == "/b/zeta/y.yaml")
        #expect(library.path(of: "../etc/shadow") == nil)
        #expect(library.load("zeta/z").issues.map(\.hint) == ["Did you mean `zeta/y`?"])
    }

    @Test func `a vector is compared in the type of the decoded value`() throws {
        let text = """
            profile: acme-x
            vectors:
              - name: all
                words: {holding: {0: [0x1234, 10]}, discrete: {5: [1]}}
                expect:
                  a/float: {value: 230.1, unit: V}
                  a/wide: {value: 18446744073709551615}
                  a/bad: {value: null, quality: bad, reason: timeout}
                  a/text: {value: "12"}
            """
        let load = loadVectors(at: "v.yaml", files: MemoryFiles(contents: ["v.yaml": text]))
        let vector = try #require(load.vectors?.vectors.first)
        #expect(vector.words == [.holdingRegister: [0: [0x1234, 10]], .discreteInput: [5: [1]]])
        func difference(_ name: String, _ decoded: Decoded, _ unit: String? = nil) throws -> String? {
            let signal = try #require(SignalName(name))
            let expected = try #require(vector.expectations[signal])
            return expected.difference(to: decoded, unit: unit.flatMap { UnitOfMeasure(ucum: $0) })
        }
        #expect(try difference("a/float", Decoded(value: .float(230.1), condition: .good), "V") == nil)
        #expect(
            try difference("a/float", Decoded(value: .double(230.1), condition: .good), "mV") == "unit is mV, not V")
        #expect(
            try difference("a/float", Decoded(value: .float(231), condition: .good), "V") == "value is 231.0, not 230.1"
        )
        #expect(try difference("a/wide", Decoded(value: .uint(.max), condition: .good)) == nil)
        #expect(try difference("a/wide", .bad(.timeout)) == "quality is bad (timeout), not good")
        #expect(try difference("a/bad", .bad(.timeout)) == nil)
        #expect(try difference("a/text", Decoded(value: .text("12"), condition: .good)) == nil)
        #expect(try difference("a/text", Decoded(value: .int(12), condition: .good)) == "value is 12, not \"12\"")
    }

    private func head(_ notation: String) -> String {
        "profile: acme-x\nversion: 1.0.0\nmanufacturer: Acme\nmodel: X\nprotocol: modbus\naddressing: \(notation)\n"
    }

    private func files(_ fixture: String) throws -> MemoryFiles {
        MemoryFiles(contents: ["p.yaml": try Fixture.text(fixture)])
    }
}
