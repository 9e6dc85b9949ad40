import KoppelCore
import KoppelTestKit
import Testing

struct RoundTripTests {
    static let wires: [WireType] = [
        .bits(lsb: 3, width: 5), .int8(.high), .int8(.low), .uint8(.high), .uint8(.low), .int16, .uint16, .int32,
        .uint32, .int64, .uint64, .float32, .float64, .bcd(registers: 1), .bcd(registers: 2), .bcd(registers: 4),
    ]
    static let orders = [false, true].flatMap { bytes in
        [false, true].flatMap { words in
            [false, true].map { ByteOrder(bytes: bytes, words: words, doubleWords: $0) }
        }
    }
    static let scalings = [
        Scaling.none, Scaling(scale: 0.1, offset: 0), Scaling(scale: 0.001, offset: 0), Scaling(scale: 0.25, offset: 0),
        Scaling(scale: 10, offset: 0), Scaling(scale: 0.1, offset: -40), Scaling(scale: 0.02, offset: 0.5),
        Scaling(scale: -1, offset: 0),
    ]

    @Test(arguments: wires, orders)
    func `P38: raw words survive decoding and encoding`(wire: WireType, order: ByteOrder) throws {
        var random = SeededGenerator(seed: 38)
        for scaling in Self.scalings {
            let point = try point(wire, order: order, scaling: scaling)
            let decoder = PointDecoder(point)
            let encoder = PointEncoder(point)
            for _ in 0..<100 {
                let value = try randomValue(point, &random)
                let words = try encoder.encode(value)
                let again = decoder.decode(words.span)
                #expect(again == good(value), "\(scaling) \(words)")
                #expect(words.count == wire.registers)
                #expect(words[0] & ~encoder.mask == 0)
            }
        }
    }

    /// A value the point can really show: what a random raw number in the order of the specification decodes to.
    private func randomValue(_ point: Point, _ random: inout SeededGenerator) throws -> Value {
        if point.scaling != .none, point.wire == .float32 || point.wire == .float64 {
            // A scaled float is rounded, so only short decimals come back as they were.
            let number = Double(Int.random(in: -9_999...9_999, using: &random)) / 8
            return point.wire == .float32 ? .float(Float(number)) : .double(number)
        }
        var plain = point
        plain.order = .specification
        while true {
            var words = (0..<point.wire.registers).map { _ in UInt16.random(in: 0...(.max), using: &random) }
            // A 64-bit number that is scaled has more digits than a Double.
            if words.count == 4, point.scaling != .none { words.replaceSubrange(0...1, with: [0, words[1] & 0xFF]) }
            if case .bcd = point.wire { words = words.map(asDecimal) }
            if let value = PointDecoder(plain).decode(words.span).value { return value }
        }
    }

    private func asDecimal(_ word: UInt16) -> UInt16 {
        (0..<4).reduce(UInt16(0)) { $0 << 4 | (word >> UInt16(4 * $1) & 0xF) % 10 }
    }

    @Test func `P38: the scale register is inverted too`() throws {
        let point = try point(.int16, scaleRegister: "scale/value")
        for exponent in -3...3 {
            let words: [UInt16] = [0xFB2E]
            let decoded = PointDecoder(point).decode(words.span, exponent: exponent)
            #expect(try PointEncoder(point).encode(#require(decoded.value), exponent: exponent) == words)
        }
    }

    @Test func `a scaled number is the Double nearest to its decimal`() throws {
        // The reference is the decimal written out, so that no arithmetic of ours is in it.
        let decoder = PointDecoder(try point(.int32, scaling: Scaling(scale: 0.001, offset: 0)))
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let raw = Int32.random(in: 0...999_999_999, using: &random)
            let words = [UInt16(raw >> 16), UInt16(truncatingIfNeeded: raw)]
            let thousandths = String(raw % 1_000 + 1_000).dropFirst()
            #expect(decoder.decode(words.span) == good(.double(try #require(Double("\(raw / 1_000).\(thousandths)")))))
        }
    }

    @Test(arguments: [
        (WireType.uint8(.low), Value.uint(256)), (.int8(.low), .int(-129)), (.uint16, .int(-1)), (.int16, .int(40_000)),
        (.uint32, .uint(1 << 32)), (.bits(lsb: 0, width: 3), .uint(8)), (.bcd(registers: 1), .uint(10_000)),
        (.uint16, .bool(true)), (.bool, .uint(1)), (.uint16, .text("1")), (.float32, .double(1e300)),
    ])
    func `what does not fit is refused`(wire: WireType, value: Value) throws {
        let encoder = PointEncoder(try point(wire))
        #expect(throws: PointEncodingError.self) { try encoder.encode(value) }
    }

    @Test func `a field leaves the other bits of its register alone`() throws {
        #expect(PointEncoder(try point(.bits(lsb: 4, width: 3))).mask == 0x0070)
        #expect(PointEncoder(try point(.bit(0), order: ByteOrder(bytes: true))).mask == 0x0100)
        #expect(PointEncoder(try point(.uint8(.high))).mask == 0xFF00)
        #expect(PointEncoder(try point(.uint32)).mask == 0xFFFF)
    }
}
