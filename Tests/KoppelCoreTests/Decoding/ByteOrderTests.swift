import KoppelCore
import Testing

struct ByteOrderTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        let order: ByteOrder
        let words: [UInt16]
        var testDescription: String { "\(name): \(words.map { String($0, radix: 16) })" }
    }

    // 0x0A0B0C0D is A = 0A, B = 0B, C = 0C, D = 0D.
    static let doubleWord = [
        Vector(name: "ABCD", order: ByteOrder(), words: [0x0A0B, 0x0C0D]),
        Vector(name: "CDAB", order: ByteOrder(words: true), words: [0x0C0D, 0x0A0B]),
        Vector(name: "BADC", order: ByteOrder(bytes: true), words: [0x0B0A, 0x0D0C]),
        Vector(name: "DCBA", order: ByteOrder(bytes: true, words: true), words: [0x0D0C, 0x0B0A]),
    ]

    @Test(arguments: doubleWord)
    func `P36: each 32-bit order has a worked example`(_ vector: Vector) throws {
        let point = try point(.uint32, order: vector.order)
        #expect(PointDecoder(point).decode(vector.words.span) == good(.uint(0x0A0B_0C0D)))
        #expect(try PointEncoder(point).encode(.uint(0x0A0B_0C0D)) == vector.words)
    }

    // 0x0102030405060708 is A = 01 to H = 08.
    static let quadWord = [
        Vector(name: "ABCDEFGH", order: ByteOrder(), words: [0x0102, 0x0304, 0x0506, 0x0708]),
        Vector(name: "BADCFEHG", order: ByteOrder(bytes: true), words: [0x0201, 0x0403, 0x0605, 0x0807]),
        Vector(name: "CDABGHEF", order: ByteOrder(words: true), words: [0x0304, 0x0102, 0x0708, 0x0506]),
        Vector(name: "DCBAHGFE", order: ByteOrder(bytes: true, words: true), words: [0x0403, 0x0201, 0x0807, 0x0605]),
        Vector(name: "EFGHABCD", order: ByteOrder(doubleWords: true), words: [0x0506, 0x0708, 0x0102, 0x0304]),
        Vector(
            name: "FEHGBADC", order: ByteOrder(bytes: true, doubleWords: true), words: [0x0605, 0x0807, 0x0201, 0x0403]),
        Vector(
            name: "GHEFCDAB", order: ByteOrder(words: true, doubleWords: true), words: [0x0708, 0x0506, 0x0304, 0x0102]),
        Vector(
            name: "HGFEDCBA", order: ByteOrder(bytes: true, words: true, doubleWords: true),
            words: [0x0807, 0x0605, 0x0403, 0x0201]),
    ]

    @Test(arguments: quadWord)
    func `P36: each 64-bit order has a worked example`(_ vector: Vector) throws {
        let point = try point(.uint64, order: vector.order)
        #expect(PointDecoder(point).decode(vector.words.span) == good(.uint(0x0102_0304_0506_0708)))
        #expect(try PointEncoder(point).encode(.uint(0x0102_0304_0506_0708)) == vector.words)
    }

    @Test func `a byte swap alone reaches one register, and word swaps do not`() throws {
        let swapped = try point(.uint16, order: ByteOrder(bytes: true, words: true, doubleWords: true))
        #expect(PointDecoder(swapped).decode([0x3412].span) == good(.uint(0x1234)))
    }

    @Test func `the two switches of the profile schema reverse all words`() throws {
        let order = ByteOrder(mostSignificantByte: true, mostSignificantWord: false)
        #expect(
            PointDecoder(try point(.uint32, order: order)).decode([0x0C0D, 0x0A0B].span) == good(.uint(0x0A0B_0C0D)))
        #expect(
            PointDecoder(try point(.uint64, order: order)).decode([0x0708, 0x0506, 0x0304, 0x0102].span)
                == good(.uint(0x0102_0304_0506_0708)))
        #expect(ByteOrder(mostSignificantByte: true, mostSignificantWord: true) == .specification)
    }

    // 123.456 is the Float 0x42F6E979. libmodbus: modbus_get_float_abcd, _badc, _cdab and _dcba on these words.
    @Test(arguments: [
        Vector(name: "ABCD", order: ByteOrder(), words: [0x42F6, 0xE979]),
        Vector(name: "BADC", order: ByteOrder(bytes: true), words: [0xF642, 0x79E9]),
        Vector(name: "CDAB", order: ByteOrder(words: true), words: [0xE979, 0x42F6]),
        Vector(name: "DCBA", order: ByteOrder(bytes: true, words: true), words: [0x79E9, 0xF642]),
    ])
    func `P37: floats are decoded by us, by golden vectors`(_ vector: Vector) throws {
        let decoder = PointDecoder(try point(.float32, order: vector.order))
        #expect(decoder.decode(vector.words.span) == good(.float(123.456)))
    }
}
