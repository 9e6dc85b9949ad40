import KoppelCore
import Testing

struct PointDecoderTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        let wire: WireType
        var scaling = Scaling.none
        let words: [UInt16]
        let value: Value
        var testDescription: String { name }
    }

    @Test(arguments: [
        Vector(name: "a coil", wire: .bool, words: [1], value: .bool(true)),
        Vector(name: "a coil off", wire: .bool, words: [0], value: .bool(false)),
        Vector(name: "a whole register as truth", wire: .bool, words: [0xFF00], value: .bool(true)),
        Vector(name: "bit 0", wire: .bit(0), words: [0x0001], value: .bool(true)),
        Vector(name: "bit 15", wire: .bit(15), words: [0x8000], value: .bool(true)),
        Vector(name: "bit 14 clear", wire: .bit(14), words: [0xBFFF], value: .bool(false)),
        Vector(name: "a field", wire: .bits(lsb: 4, width: 3), words: [0xFFD5], value: .uint(5)),
        Vector(name: "a field of 16", wire: .bits(lsb: 0, width: 16), words: [0xFFFF], value: .uint(65_535)),
        Vector(name: "int8 high", wire: .int8(.high), words: [0xFE01], value: .int(-2)),
        Vector(name: "int8 low", wire: .int8(.low), words: [0x01FE], value: .int(-2)),
        Vector(name: "uint8 high", wire: .uint8(.high), words: [0xFE01], value: .uint(254)),
        Vector(name: "uint8 low ignores the high byte", wire: .uint8(.low), words: [0x7701], value: .uint(1)),
        Vector(name: "int16", wire: .int16, words: [0x8001], value: .int(-32_767)),
        Vector(name: "uint16", wire: .uint16, words: [0x8001], value: .uint(32_769)),
        Vector(name: "int32", wire: .int32, words: [0xFFFF, 0xFFFE], value: .int(-2)),
        Vector(name: "uint32", wire: .uint32, words: [0xFFFF, 0xFFFE], value: .uint(4_294_967_294)),
        Vector(name: "int64", wire: .int64, words: [0x8000, 0, 0, 0], value: .int(.min)),
        Vector(name: "uint64", wire: .uint64, words: [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], value: .uint(.max)),
        Vector(name: "float32 of the data model", wire: .float32, words: [0x4366, 0x8000], value: .float(230.5)),
        Vector(
            name: "float64", wire: .float64, words: [0x405E, 0xDD2F, 0x1A9F, 0xBE77], value: .double(123.456)),
        Vector(name: "bcd16", wire: .bcd(registers: 1), words: [0x1234], value: .uint(1234)),
        Vector(name: "bcd32", wire: .bcd(registers: 2), words: [0x0012, 0x3456], value: .uint(123_456)),
        Vector(
            name: "bcd64", wire: .bcd(registers: 4), words: [0x9999, 0x9999, 0x9999, 0x9999],
            value: .uint(9_999_999_999_999_999)),
        Vector(
            name: "2341 at 0.1 is 234.1", wire: .uint16, scaling: Scaling(scale: 0.1, offset: 0), words: [2341],
            value: .double(234.1)),
        Vector(
            name: "3 at 0.2 is 0.6", wire: .uint16, scaling: Scaling(scale: 0.2, offset: 0), words: [3],
            value: .double(0.6)),
        Vector(
            name: "scale and offset round once", wire: .uint16, scaling: Scaling(scale: 0.1, offset: -273.15),
            words: [2982], value: .double(25.05)),
        Vector(
            name: "fixed-point percent", wire: .int16, scaling: Scaling(scale: 0.006103515625, offset: 0),
            words: [0x4000], value: .double(100)),
        Vector(
            name: "a scaled int32 is a double", wire: .int32, scaling: Scaling(scale: 0.001, offset: 0),
            words: [0xFFFF, 0xCFC7], value: .double(-12.345)),
        Vector(
            name: "a scale of 10", wire: .uint16, scaling: Scaling(scale: 10, offset: 0), words: [7],
            value: .double(70)),
        Vector(
            name: "a scaled float stays a float, with the right decimal", wire: .float32,
            scaling: Scaling(scale: 0.001, offset: 0), words: [0x4367, 0x6666], value: .float(0.2314)),
        Vector(
            name: "text, first character high", wire: .string(.highByteFirst, registers: 3),
            words: [0x5344, 0x4D36, 0x3330], value: .text("SDM630")),
        Vector(
            name: "text, first character low", wire: .string(.lowByteFirst, registers: 3),
            words: [0x4453, 0x364D, 0x3033], value: .text("SDM630")),
        Vector(
            name: "text, one per register", wire: .string(.onePerRegister, registers: 3),
            words: [0x53, 0x44, 0x4D], value: .text("SDM")),
    ])
    func `each type decodes as worked out by hand`(_ vector: Vector) throws {
        let point = try point(vector.wire, scaling: vector.scaling)
        #expect(PointDecoder(point).decode(vector.words.span) == good(vector.value))
        #expect(PointDecoder(point).registers == vector.words.count)
    }

    @Test func `the value lies where the offset says`() throws {
        let decoder = PointDecoder(try point(.uint32))
        #expect(decoder.decode([9, 9, 0x0001, 0x0002].span, at: 2) == good(.uint(65_538)))
    }

    @Test(arguments: [-1, 1, 3]) func `words that are not there are a decode error, not a zero`(offset: Int) throws {
        #expect(PointDecoder(try point(.uint32)).decode([1, 2].span, at: offset) == .bad(.decodeError))
    }

    @Test func `P41: a sentinel is found before scaling, after word order`() throws {
        let absent = Sentinel(pattern: .bits(0x8000_0000), meaning: .notSupported)
        let point = try point(
            .int32, order: ByteOrder(words: true), scaling: Scaling(scale: 0.1, offset: 0), sentinels: [absent])
        #expect(PointDecoder(point).decode([0x0000, 0x8000].span) == .bad(.notSupported))
        #expect(PointDecoder(point).decode([0x8000, 0x0000].span) == good(.double(3276.8)))
    }

    @Test(arguments: [
        (Sentinel.Meaning.notSupported, Condition.notSupported), (.noData, .notSupported), (.sensorFault, .sensorFault),
    ])
    func `P41: sentinels without a value are bad with their reason`(meaning: Sentinel.Meaning, condition: Condition)
        throws
    {
        let point = try point(.uint16, sentinels: [Sentinel(pattern: .bits(0xFFFF), meaning: meaning)])
        #expect(PointDecoder(point).decode([0xFFFF].span) == .bad(condition))
        #expect(PointDecoder(point).decode([0xFFFE].span) == good(.uint(0xFFFE)))
    }

    @Test func `the first matching sentinel wins`() throws {
        let point = try point(
            .uint16,
            sentinels: [
                Sentinel(pattern: .bits(7), meaning: .sensorFault), Sentinel(pattern: .bits(7), meaning: .notSupported),
            ])
        #expect(PointDecoder(point).decode([7].span) == .bad(.sensorFault))
    }

    @Test func `P41: a sentinel of a bit field is compared with the field, or with its whole register`() throws {
        let part = Sentinel(pattern: .bits(0xF), meaning: .notSupported)
        let whole = Sentinel(pattern: .register(0xFFFF), meaning: .sensorFault)
        let decoder = PointDecoder(try point(.bits(lsb: 4, width: 4), sentinels: [whole, part]))
        #expect(decoder.decode([0x00F0].span) == .bad(.notSupported))
        #expect(decoder.decode([0xFFFF].span) == .bad(.sensorFault))
        #expect(decoder.decode([0x000F].span) == good(.uint(0)))
    }

    @Test(arguments: [
        WireType.bit(0), .bit(15), .bits(lsb: 3, width: 2), .int8(.low), .int8(.high), .uint8(.low), .uint8(.high),
    ])
    func `P41: a register that is not there is no value of any of its parts`(_ wire: WireType) throws {
        let absent = Sentinel(pattern: .register(0x8000), meaning: .notSupported)
        let decoder = PointDecoder(try point(wire, sentinels: [absent]))
        #expect(decoder.decode([0x8000].span) == .bad(.notSupported))
        // All that such a part can be is a value where the rest of the register differs.
        #expect(decoder.decode([0x8100].span).condition == .good)
        #expect(decoder.decode([0x0000].span).condition == .good)
        let swapped = try point(wire, order: ByteOrder(bytes: true), sentinels: [absent])
        #expect(PointDecoder(swapped).decode([0x0080].span) == .bad(.notSupported))
    }

    @Test(arguments: [
        (WireType.bit(3), Sentinel.Pattern.register(0xF), "0x000F"), (.uint8(.low), .bits(0xFF), "0xFF"),
        (.uint8(.low), .register(0xFF), "0x00FF"), (.int16, .bits(0xF), "0x000F"),
        (.float32, .notANumber, "NaN"), (.uint64, .bits(.max), "0xFFFFFFFFFFFFFFFF"),
    ])
    func `a raw pattern is written as a profile has it`(wire: WireType, pattern: Sentinel.Pattern, text: String) {
        #expect(pattern.text(of: wire) == text)
    }

    @Test func `over and under range show the end of the limits, as uncertain`() throws {
        let sentinels = [
            Sentinel(pattern: .bits(0x7FFF), meaning: .overRange),
            Sentinel(pattern: .bits(0x8000), meaning: .underRange),
        ]
        let limited = try point(
            .int16, scaling: Scaling(scale: 0.1, offset: 0), sentinels: sentinels, limits: Band(low: -50, high: 150))
        #expect(
            PointDecoder(limited).decode([0x7FFF].span) == Decoded(value: .double(150), condition: .sensorLimit))
        #expect(
            PointDecoder(limited).decode([0x8000].span) == Decoded(value: .double(-50), condition: .sensorLimit))
        let unlimited = try point(.int16, sentinels: sentinels)
        #expect(
            PointDecoder(unlimited).decode([0x7FFF].span) == Decoded(value: .int(32_767), condition: .sensorLimit))
    }

    @Test(
        arguments: [
            [0x7FC0, 0x0000], [0xFFC0, 0x0001], [0x7F80, 0x0001], [0x7F80, 0x0000], [0xFF80, 0x0000],
        ] as [[UInt16]])
    func `P50: a float that is no number is a sensor fault, never a value`(words: [UInt16]) throws {
        #expect(PointDecoder(try point(.float32)).decode(words.span) == .bad(.sensorFault))
    }

    @Test func `P50: a double that is no number is a sensor fault, never a value`() throws {
        #expect(PointDecoder(try point(.float64)).decode([0x7FF0, 0, 0, 0].span) == .bad(.sensorFault))
        #expect(PointDecoder(try point(.float64)).decode([0x7FF8, 0, 0, 0].span) == .bad(.sensorFault))
    }

    @Test func `any not-a-number matches the NaN pattern, infinity does not`() throws {
        let point = try point(.float32, sentinels: [Sentinel(pattern: .notANumber, meaning: .notSupported)])
        #expect(PointDecoder(point).decode([0x7FC0, 0x1234].span) == .bad(.notSupported))
        #expect(PointDecoder(point).decode([0x7F80, 0x0000].span) == .bad(.sensorFault))
    }

    @Test func `P50: a number that scaling makes infinite is a decode error`() throws {
        let point = try point(.float32, scaling: Scaling(scale: 1e30, offset: 0))
        #expect(PointDecoder(point).decode([0x7F00, 0x0000].span) == .bad(.decodeError))
    }

    @Test(arguments: [0x123A, 0xF000] as [UInt16])
    func `a digit above nine in BCD is a decode error`(word: UInt16) throws {
        #expect(PointDecoder(try point(.bcd(registers: 1))).decode([word].span) == .bad(.decodeError))
    }

    @Test func `an unknown number of a state is bad, a known one is the number`() throws {
        let states: [Int64: String] = [0: "off", 7: "running", 900: "service", -1: "fault"]
        let decoder = PointDecoder(try point(.int16, kind: .state, enumeration: states))
        #expect(decoder.decode([7].span) == good(.int(7)))
        #expect(decoder.decode([900].span) == good(.int(900)))
        #expect(decoder.decode([0xFFFF].span) == good(.int(-1)))
        #expect(decoder.decode([8].span) == .bad(.unmappedState))
        #expect(decoder.decode([901].span) == .bad(.unmappedState))
    }

    @Test func `a state in a float is looked up by its whole number`() throws {
        let decoder = PointDecoder(try point(.float32, kind: .state, enumeration: [1: "on"]))
        #expect(decoder.decode([0x3F80, 0].span) == good(.float(1)))
        #expect(decoder.decode([0x3FC0, 0].span) == .bad(.unmappedState))
        #expect(decoder.decode([0x7FC0, 0].span) == .bad(.sensorFault))
    }

    @Test func `the enumeration of anything but a state only names, it does not judge`() throws {
        let decoder = PointDecoder(try point(.uint16, kind: .measurement, enumeration: [1: "on"]))
        #expect(decoder.decode([2].span) == good(.uint(2)))
    }

    @Test(
        arguments: [
            (2299, Decoded(value: .double(229.9), condition: .good)),
            (2531, Decoded(value: .double(253.1), condition: .outOfRange)),
            (2069, Decoded(value: .double(206.9), condition: .outOfRange)),
            (5000, Decoded(value: .double(500), condition: .outOfRange)),
            (5001, .bad(.outOfLimits)),
        ] as [(UInt16, Decoded)])
    func `outside the range is uncertain, outside the limits is bad`(word: UInt16, decoded: Decoded) throws {
        let point = try point(
            .uint16, scaling: Scaling(scale: 0.1, offset: 0), range: Band(low: 207, high: 253),
            limits: Band(low: 0, high: 500))
        #expect(PointDecoder(point).decode([word].span) == decoded)
    }

    @Test func `a float at the very limit is within it`() throws {
        let bits = Float(230.1).bitPattern
        let point = try point(.float32, limits: Band(low: 0, high: 230.1))
        let words = [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
        #expect(PointDecoder(point).decode(words.span) == good(.float(230.1)))
    }

    @Test(arguments: [WireType.bit(16), .bits(lsb: 10, width: 7), .bits(lsb: 0, width: 0), .bcd(registers: 3)])
    func `what no register can hold is a configuration error, not a crash`(wire: WireType) throws {
        let words = [UInt16](repeating: 0, count: 4)
        #expect(PointDecoder(try point(wire)).decode(words.span) == .bad(.configError))
    }
}
