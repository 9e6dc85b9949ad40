import KoppelCore
import Testing

struct GivenWordsTests {
    private func decode(_ points: [Point], _ words: [RegisterTable: [UInt16: [UInt16]]]) -> [String: Decoded] {
        Dictionary(
            uniqueKeysWithValues: decodeAll(points: points, words: words).map { ($0.signal.description, $0.decoded) })
    }

    @Test func `what is given is decoded, what is not given is left out`() throws {
        let points = [
            try point(.float32, name: "a/voltage", table: .inputRegister),
            try point(.float32, name: "a/current", table: .inputRegister, address: 6),
            try point(.bool, name: "a/run", table: .coil, address: 3),
        ]
        #expect(
            decode(points, [.inputRegister: [0: [0x4366, 0x8000, 0, 0, 0, 0, 0]], .coil: [2: [0, 1]]])
                == ["a/voltage": good(.float(230.5)), "a/run": good(.bool(true))])
    }

    @Test func `runs that meet are one answer`() throws {
        let points = [try point(.uint32, name: "a/total", address: 1)]
        #expect(decode(points, [.holdingRegister: [0: [9, 1], 2: [2]]]) == ["a/total": good(.uint(65_538))])
    }

    @Test func `a scale register counts wherever it was given, and its absence leaves the value out`() throws {
        let points = [
            try point(.uint16, name: "a/power", address: 40, scaleRegister: "scale/power"),
            try point(.int16, name: "scale/power", address: 71),
        ]
        #expect(
            decode(points, [.holdingRegister: [40: [2341], 71: [0xFFFF]]])
                == ["a/power": good(.double(234.1)), "scale/power": good(.int(-1))])
        #expect(decode(points, [.holdingRegister: [40: [2341]]]) == [:])
    }

    @Test func `the end of the address space is the end`() throws {
        let points = [try point(.uint32, name: "a/last", address: 65_535)]
        #expect(decode(points, [.holdingRegister: [65_535: [1, 2]]]) == [:])
    }
}
