import KoppelCore
import KoppelTestKit
import Testing

struct RegisterIdentificationTests {
    struct Way: CustomTestStringConvertible, Sendable {
        let wire: WireType
        let order: ByteOrder

        var testDescription: String { "\(wire), \(order)" }
    }

    static let ways = RegisterCandidate.types.flatMap { wire in
        RegisterCandidate.orders(of: wire).map { Way(wire: wire, order: $0) }
    }

    /// Five samples of a voltage of about 230 V at one address, with words beside it that belong to something else.
    private func samples(
        _ candidate: RegisterCandidate, _ random: inout SeededGenerator
    ) throws -> (samples: [RegisterSample], expected: Band) {
        let name = try #require(SignalName("measured/value"))
        let point = candidate.point(named: name)
        let encoder = PointEncoder(point)
        // What fits into the type with this scale, and has digits enough to be told from others.
        let isByte = candidate.wire.registers == 1 && !RegisterCandidate.types[4...].contains(candidate.wire)
        let middle = isByte ? 100.0 : 230
        let before = UInt16.random(in: 0...999, using: &random)
        let after = (0..<4).map { _ in UInt16.random(in: 0...999, using: &random) }
        let samples = try (0..<5).map { _ in
            let number = Double(Int.random(in: -30...30, using: &random)) / 10 + middle
            var sample = RegisterSample()
            sample.add([before], table: candidate.reading.table, from: candidate.reading.address - 1)
            let value: Value =
                candidate.wire == .float32 ? .float(Float(number)) : .double(isByte ? number.rounded() : number)
            let words = try encoder.encode(value)
            sample.add(words + after, table: candidate.reading.table, from: candidate.reading.address)
            return sample
        }
        return (samples, Band(low: middle * 0.95, high: middle * 1.05))
    }

    @Test(arguments: ways)
    func `P36: the true type and order of a value in the expected band is ranked first or tied`(_ way: Way) throws {
        let readings = AddressReading.all(of: 100)
        let isInteger = way.wire != .float32 && way.wire != .float64
        let isByte = isInteger && way.wire.registers == 1 && RegisterCandidate.types[..<4].contains(way.wire)
        for seed in 0..<6 {
            var random = SeededGenerator(seed: UInt64(seed))
            let truth = RegisterCandidate(
                reading: try #require(readings.first), wire: way.wire, order: way.order,
                exponent: isInteger && !isByte ? -1 : 0)
            let (samples, expected) = try samples(truth, &random)
            let matches = RegisterIdentification(samples: samples, readings: readings, expected: expected).matches
            let found = try #require(matches.first { $0.candidate == truth }, "not found at seed \(seed)")
            let best = try #require(matches.first)
            #expect(
                found.rank == 1,
                """
                seed \(seed): \(found.words) \(found.score) is behind \(best.candidate.wire) \(best.candidate.order) \
                at \(best.candidate.reading.address): \(best.values) \(best.score)
                """)
        }
    }

    @Test func `P36: words 4366 8000 are 230.5 as float32, most significant word first`() throws {
        var sample = RegisterSample()
        sample.add([0x4366, 0x8000], table: .inputRegister, from: 0)
        let matches = RegisterIdentification(
            samples: [sample], readings: AddressReading.all(of: 0), expected: Band(low: 200, high: 260)
        ).matches
        let best = try #require(matches.first)
        #expect(best.candidate.wire == .float32)
        #expect(best.candidate.order == .specification)
        #expect(best.values == [230.5])
        #expect(best.words == [0x4366, 0x8000])
    }

    @Test func `P39: 30013 is input 12, and that the manual may count otherwise is listed too`() {
        let readings = AddressReading.all(of: 30_013)
        #expect(readings.first == AddressReading(notation: .modicon, table: .inputRegister, address: 12))
        #expect(readings.contains(AddressReading(notation: .zeroBased, table: .holdingRegister, address: 30_013)))
        #expect(readings.contains(AddressReading(notation: .oneBased, table: .holdingRegister, address: 30_012)))
        #expect(AddressReading.all(of: 0).map(\.notation) == [.zeroBased, .zeroBased])
        let last = AddressReading(notation: .modicon, table: .holdingRegister, address: 65_535)
        #expect(AddressReading.all(of: 465_536) == [last])
        #expect(AddressReading.all(of: 465_537).isEmpty)
        #expect(AddressReading.all(of: -1).isEmpty)
    }

    @Test func `P39: a value one register lower is found as one-based`() throws {
        var sample = RegisterSample()
        sample.add([0x4366, 0x8000, 0, 0], table: .holdingRegister, from: 99)
        let matches = RegisterIdentification(
            samples: [sample], readings: AddressReading.all(of: 100), expected: Band(low: 228, high: 233)
        ).matches
        #expect(matches.first?.candidate.reading.notation == .oneBased)
        #expect(matches.first?.candidate.reading.address == 99)
    }

    @Test func `several samples tell more: words in the wrong order jump out of the band`() throws {
        // As uint16 the first word is constant and happens to fit the band.
        let values: [Float] = [229.1, 230.7, 231.3]
        let samples = values.map { value in
            var sample = RegisterSample()
            let bits = value.bitPattern
            sample.add([UInt16(bits & 0xFFFF), UInt16(bits >> 16)], table: .holdingRegister, from: 7)
            return sample
        }
        let matches = RegisterIdentification(
            samples: samples, readings: AddressReading.all(of: 7), expected: Band(low: 150, high: 260)
        ).matches
        #expect(matches.first?.candidate.wire == .float32)
        #expect(matches.first?.candidate.order == ByteOrder(words: true))
    }

    @Test func `nothing in the band is no match, and words that are missing are no zeros`() {
        var sample = RegisterSample()
        sample.add([1], table: .holdingRegister, from: 5)
        let readings = AddressReading.all(of: 5)
        func matches(_ low: Double, _ high: Double) -> [RegisterIdentification.Match] {
            RegisterIdentification(samples: [sample], readings: readings, expected: Band(low: low, high: high)).matches
        }
        #expect(matches(5_000_000, 6_000_000).isEmpty)
        #expect(matches(0.5, 1.5).allSatisfy { $0.candidate.wire.registers == 1 })
    }
}
