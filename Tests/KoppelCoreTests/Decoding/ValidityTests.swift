import KoppelCore
import Testing

/// Whether a value counts, as a status of the same answer says (`validWhen`, field rule P46).
struct ValidityTests {
    private static func rule(
        _ name: String = "status/input", is accepted: [Int64] = [0],
        otherwise: ValidityRule.Otherwise = .meaning(.sensorFault)
    ) throws -> ValidityRule {
        ValidityRule(signal: try signal(name), accepted: accepted, otherwise: otherwise)
    }

    /// A value in register 0 and its status in register 1.
    private static func points(_ rules: [ValidityRule], status: WireType = .uint16) throws -> [Point] {
        [
            try point(.int16, name: "process/value", scaling: Scaling(scale: 0.1, offset: 0), validWhen: rules),
            try point(status, name: "status/input", address: 1),
        ]
    }

    private func decode(_ points: [Point], _ words: [UInt16], earlier: [Int: Decoded] = [:]) -> Decoded? {
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...UInt16(max(words.count, 1) - 1))
        var results: [DecodedPoint] = []
        BlockDecoder(points: points, members: [0], block: block).decode(words.span, earlier: earlier, into: &results)
        return results.first?.decoded
    }

    @Test func `P46: a value counts as long as the status of the same answer says so, due or not`() throws {
        let points = try Self.points([Self.rule()])
        #expect(decode(points, [215, 0]) == good(.double(21.5)))
        #expect(decode(points, [215, 1]) == .bad(.sensorFault))
        let bit = try Self.points([Self.rule(is: [0])], status: .bit(6))
        #expect(decode(bit, [215, 0xFFBF]) == good(.double(21.5)))
        #expect(decode(bit, [215, 0x0040]) == .bad(.sensorFault))
        #expect(decode(try Self.points([Self.rule(is: [1])], status: .bit(6)), [215, 0xFFBF]) == .bad(.sensorFault))
    }

    @Test(
        arguments: [
            (Sentinel.Meaning.sensorFault, "sensor-fault", 0x808C_0000, nil),
            (.notSupported, "sentinel-not-supported", 0x803D_0000, nil),
            (.noData, "sentinel-not-supported", 0x803D_0000, nil),
            (.overRange, "sensor-limit", 0x4093_0000, Value.double(21.5)),
            (.underRange, "sensor-limit", 0x4093_0000, Value.double(21.5)),
        ] as [(Sentinel.Meaning, String, UInt32, Value?)])
    func `rows 22, 23 and 25: what a status says has the reason that a raw pattern of that meaning has`(
        _ meaning: Sentinel.Meaning, _ reason: String, _ code: UInt32, _ value: Value?
    ) throws {
        let decoded = try #require(decode(try Self.points([Self.rule(otherwise: .meaning(meaning))]), [215, 9]))
        #expect(decoded.condition.reason == reason && decoded.condition.statusCode == code)
        #expect(decoded.value == value)
    }

    @Test func `row 21: each number of a status can mean something else, and an unknown one is bad`() throws {
        let meanings: [Int64: Sentinel.Meaning] = [1: .sensorFault, 2: .overRange]
        let points = try Self.points([Self.rule(is: [0, 4], otherwise: .byNumber(meanings))])
        let conditions = [0, 4, 1, 2, 3].map { decode(points, [215, $0])?.condition }
        #expect(conditions == [.good, .good, .sensorFault, .sensorLimit, .unmappedState])
        #expect(decode(points, [215, 3])?.value == nil)
    }

    @Test func `of several conditions all must hold, and the worst is told`() throws {
        let rules = [
            try Self.rule(is: [0], otherwise: .meaning(.overRange)), try Self.rule("status/converter", is: [1]),
        ]
        let points = try Self.points(rules) + [try point(.bool, name: "status/converter", address: 2)]
        let conditions = [[0, 1], [1, 1], [0, 0], [1, 0]].map { decode(points, [215] + $0)?.condition }
        #expect(conditions == [.good, .sensorLimit, .sensorFault, .sensorFault])
    }

    @Test func `a status makes no value better than it is`() throws {
        let absent = Sentinel(pattern: .bits(0x8000), meaning: .notSupported)
        var points = try Self.points([Self.rule(otherwise: .meaning(.overRange))])
        points[0].sentinels = [absent]
        points[0].limits = Band(low: 0, high: 100)
        #expect(decode(points, [0x8000, 0]) == .bad(.notSupported))
        #expect(decode(points, [0x8000, 1]) == .bad(.notSupported))
        #expect(decode(points, [2_000, 0]) == .bad(.outOfLimits))
        #expect(decode(points, [2_000, 1]) == .bad(.outOfLimits))
    }

    @Test func `a status without a value leaves none, and a doubtful status makes the value doubtful`() throws {
        var points = try Self.points([Self.rule(is: [0, 7])])
        points[1].kind = .state
        points[1].enumeration = [0: "ok", 1: "broken"]
        #expect(decode(points, [215, 5]) == .bad(.unmappedState))
        #expect(decode(points, [215, 7]) == .bad(.unmappedState), "a number the device should not send")
        points = try Self.points([Self.rule(is: [0, 7])])
        points[1].range = Band(low: 0, high: 5)
        #expect(decode(points, [215, 7]) == Decoded(value: .double(21.5), condition: .outOfRange))
        points[1].sentinels = [Sentinel(pattern: .bits(0xFFFF), meaning: .notSupported)]
        #expect(decode(points, [215, 0xFFFF]) == .bad(.notSupported))
    }

    @Test func `P46: a status that was not read with the value never makes it good`() throws {
        var points = try Self.points([Self.rule()])
        points[1].address = 900
        #expect(decode(points, [215]) == .bad(.decodeError), "never read")
        #expect(decode(points, [215], earlier: [1: .bad(.illegalAddress)]) == .bad(.illegalAddress), "refused")
        let before = decode(points, [215], earlier: [1: good(.uint(0))])
        #expect(before == Decoded(value: .double(21.5), condition: .derived))
        #expect(decode(points, [215], earlier: [1: good(.uint(1))]) == .bad(.sensorFault))
        #expect(decode([points[0]], [215]) == .bad(.configError), "no point")
    }

    @Test func `a short answer that ends before the status leaves the value bad`() throws {
        let points = try Self.points([Self.rule()])
        var results: [DecodedPoint] = []
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...1)
        BlockDecoder(points: points, members: [0, 1], block: block).decode([215].span, into: &results)
        #expect(results.map(\.decoded) == [.bad(.decodeError), .bad(.decodeError)])
    }

    @Test func `a value with a scale register and a status needs both`() throws {
        var points = try Self.points([Self.rule()])
        points[0].scaling = .none
        points[0].scaleRegister = try signal("scale/value")
        points.append(try point(.int16, name: "scale/value", address: 2))
        #expect(decode(points, [215, 0, 0xFFFF]) == good(.double(21.5)))
        #expect(decode(points, [215, 1, 0xFFFF]) == .bad(.sensorFault))
        #expect(decode(points, [215, 0, 99]) == .bad(.decodeError))
        #expect(points[0].companions.map(\.description) == ["scale/value", "status/input"])
    }

    @Test func `given words are judged by a given status, and without it the value is left out`() throws {
        let points = try Self.points([Self.rule()])
        func decoded(_ words: [UInt16: [UInt16]]) -> [Decoded] {
            decodeAll(points: points, words: [.holdingRegister: words]).map(\.decoded)
        }
        #expect(decoded([0: [215], 1: [0]]) == [good(.double(21.5)), good(.uint(0))])
        #expect(decoded([0: [215, 3]]) == [.bad(.sensorFault), good(.uint(3))])
        #expect(decoded([0: [215]]) == [])
        #expect(
            decodeAll(points: [points[0]], words: [.holdingRegister: [0: [215]]]).map(\.decoded) == [.bad(.configError)]
        )
    }
}
