import KoppelCore
import Testing

struct RegisterTextTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        let layout: WireType.StringLayout
        let words: [UInt16]
        let decoded: Decoded
        var testDescription: String { name }
    }

    @Test(arguments: [
        Vector(name: "cut at NUL", layout: .highByteFirst, words: [0x4142, 0x0043], decoded: good(.text("AB"))),
        Vector(name: "blanks stripped", layout: .highByteFirst, words: [0x2041, 0x2020], decoded: good(.text(" A"))),
        Vector(
            name: "blanks before NUL stripped", layout: .highByteFirst, words: [0x4120, 0x0000],
            decoded: good(.text("A"))),
        Vector(name: "empty", layout: .highByteFirst, words: [0, 0], decoded: good(.text(""))),
        Vector(name: "UTF-8", layout: .highByteFirst, words: [0xC3A9, 0x4100], decoded: good(.text("éA"))),
        Vector(name: "erased memory", layout: .highByteFirst, words: [0xFFFF, 0xFFFF], decoded: .bad(.decodeError)),
        Vector(name: "half a character", layout: .highByteFirst, words: [0x41C3, 0x0000], decoded: .bad(.decodeError)),
        Vector(
            name: "two characters where one should be", layout: .onePerRegister, words: [0x4142, 0x0043],
            decoded: .bad(.decodeError)),
        Vector(name: "one per register", layout: .onePerRegister, words: [0x41, 0], decoded: good(.text("A"))),
        Vector(name: "low byte first", layout: .lowByteFirst, words: [0x4241, 0x0043], decoded: good(.text("ABC"))),
    ])
    func `P49: text by layout`(_ vector: Vector) throws {
        let point = try point(.string(vector.layout, registers: vector.words.count), kind: .text)
        #expect(PointDecoder(point).decode(vector.words.span) == vector.decoded)
    }

    @Test(arguments: [WireType.StringLayout.highByteFirst, .lowByteFirst, .onePerRegister])
    func `P49: encoding gives exactly the registers of the point`(layout: WireType.StringLayout) throws {
        let point = try point(.string(layout, registers: 8), kind: .text)
        for text in ["", "A", "AB", "ABCDEFG", "ABCDEFGH"] {
            let words = try PointEncoder(point).encode(.text(text))
            #expect(words.count == 8)
            #expect(PointDecoder(point).decode(words.span) == good(.text(text)))
        }
    }

    @Test func `P49: text that does not fit is refused, not cut`() throws {
        let encoder = PointEncoder(try point(.string(.highByteFirst, registers: 1), kind: .text))
        #expect(throws: PointEncodingError.self) { try encoder.encode(.text("ABC")) }
    }
}
