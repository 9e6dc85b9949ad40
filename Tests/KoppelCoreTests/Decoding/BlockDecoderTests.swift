import KoppelCore
import Testing

struct BlockDecoderTests {
    private func decode(_ points: [Point], members: [Int], block: RegisterSpan, words: [UInt16]) -> [DecodedPoint] {
        var results: [DecodedPoint] = []
        BlockDecoder(points: points, members: members, block: block).decode(words.span, into: &results)
        return results
    }

    @Test func `each member is decoded from its own place, in the order asked for`() throws {
        let points = [
            try point(.uint16, name: "a/first", address: 100), try point(.float32, name: "a/second", address: 103),
            try point(.bit(1), name: "a/third", address: 101),
        ]
        let block = RegisterSpan(table: .holdingRegister, addresses: 100...104)
        #expect(
            decode(points, members: [2, 0, 1], block: block, words: [7, 2, 0, 0x4366, 0x8000]) == [
                DecodedPoint(point: 2, decoded: good(.bool(true))), DecodedPoint(point: 0, decoded: good(.uint(7))),
                DecodedPoint(point: 1, decoded: good(.float(230.5))),
            ])
    }

    @Test func `P46: a scale register is taken from the same answer, due or not`() throws {
        let points = [
            try point(.uint16, name: "a/power", address: 10, scaleRegister: "scale/power"),
            try point(.int16, name: "scale/power", address: 12, published: false),
        ]
        let block = RegisterSpan(table: .holdingRegister, addresses: 10...12)
        #expect(
            decode(points, members: [0], block: block, words: [2341, 0, 0xFFFF])
                == [DecodedPoint(point: 0, decoded: good(.double(234.1)))])
        #expect(
            decode(points, members: [0], block: block, words: [2341, 0, 2])
                == [DecodedPoint(point: 0, decoded: good(.double(234_100)))])
    }

    @Test func `P46: a scale from an earlier answer makes the value uncertain, none makes it bad`() throws {
        let points = [
            try point(.uint16, name: "a/power", address: 10, scaleRegister: "scale/power"),
            try point(.int16, name: "scale/power", address: 900),
        ]
        let block = RegisterSpan(table: .holdingRegister, addresses: 10...10)
        let decoder = BlockDecoder(points: points, members: [0], block: block)
        var results: [DecodedPoint] = []
        decoder.decode([2341].span, earlier: [1: good(.int(-1))], into: &results)
        decoder.decode([2341].span, into: &results)
        #expect(results.map(\.decoded) == [Decoded(value: .double(234.1), condition: .derived), .bad(.decodeError)])
    }

    @Test func `P42: a value that is not there has no default, whatever its neighbours in the read say`() throws {
        let absent = Sentinel(pattern: .bits(0x8000), meaning: .notSupported)
        let points = try (0..<3).map { index in
            try point(.int16, name: "phase/p\(index)", address: UInt16(index), sentinels: [absent])
        }
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...2)
        func decoded(_ words: [UInt16]) -> [Decoded] {
            decode(points, members: [0, 1, 2], block: block, words: words).map(\.decoded)
        }
        #expect(decoded([0x8000, 6, 7]) == [.bad(.notSupported), good(.int(6)), good(.int(7))])
        #expect(decoded([5, 0x8000, 7]) == [good(.int(5)), .bad(.notSupported), good(.int(7))])
        #expect(decoded([5]) == [good(.int(5)), .bad(.decodeError), .bad(.decodeError)])
        #expect(decoded([0x8000]).map(\.value) == [nil, nil, nil])
    }

    @Test func `a scale register without a value leaves none`() throws {
        let absent = Sentinel(pattern: .bits(0x8000), meaning: .notSupported)
        let points = [
            try point(.int16, name: "a/power", scaleRegister: "scale/power", sentinels: [absent]),
            try point(.int16, name: "scale/power", address: 1, sentinels: [absent]),
        ]
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...1)
        func decoded(_ words: [UInt16]) -> Decoded? {
            decode(points, members: [0], block: block, words: words).first?.decoded
        }
        #expect(decoded([5, 0x8000]) == .bad(.notSupported))
        #expect(decoded([5, 19]) == .bad(.decodeError))
        #expect(decoded([0x8000, 0xFFFF]) == .bad(.notSupported))
        #expect(decoded([0x8000, 19]) == .bad(.notSupported))
    }

    @Test(arguments: [(-10, true), (10, true), (-11, false), (11, false), (32_767, false), (-32_767, false)])
    func `P46: a power of ten beyond those of SunSpec leaves no value, however good its number looks`(
        exponent: Int, isScale: Bool
    ) throws {
        let points = [
            try point(.int16, name: "a/power", scaleRegister: "scale/power"),
            try point(.int16, name: "scale/power", address: 1),
        ]
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...1)
        let words: [UInt16] = [7, UInt16(bitPattern: Int16(exponent))]
        let decoded = decode(points, members: [0], block: block, words: words).map(\.decoded)
        #expect(decoded.map(\.condition) == [isScale ? .good : .decodeError])
        #expect(decoded.allSatisfy { ($0.value != nil) == isScale })
    }

    @Test func `a scale register that is no point is a configuration error`() throws {
        let points = [try point(.int16, scaleRegister: "scale/missing")]
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...0)
        #expect(decode(points, members: [0], block: block, words: [5]).map(\.decoded) == [.bad(.configError)])
    }

    @Test func `a short answer is a decode error for what is missing only`() throws {
        let points = [try point(.uint16, name: "a/first"), try point(.uint32, name: "a/second", address: 1)]
        let block = RegisterSpan(table: .holdingRegister, addresses: 0...2)
        #expect(
            decode(points, members: [0, 1], block: block, words: [1, 2]).map(\.decoded)
                == [good(.uint(1)), .bad(.decodeError)])
    }

    @Test func `a request knows its block`() throws {
        let request = try #require(
            ReadRequest(unit: UnitID(1), table: .inputRegister, start: 65_411, count: 125))
        #expect(request.block == RegisterSpan(table: .inputRegister, addresses: 65_411...65_535))
    }
}
