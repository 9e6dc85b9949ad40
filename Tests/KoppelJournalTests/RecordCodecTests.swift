import KoppelCore
import Testing

@testable import KoppelJournal

struct RecordCodecTests {
    private func encoded(_ record: SweepRecord, epoch: UInt32 = 3, position: Int64 = 9) -> [UInt8] {
        var encoder = RecordEncoder()
        encoder.encode(record, epoch: epoch, position: position)
        return [UInt8](encoder.bytes)
    }

    private func decoded(_ bytes: [UInt8], machine: MachineNumber, position: Int64 = 9) throws(CodecError)
        -> SweepRecord
    {
        try RecordDecoder.decode(bytes, machine: machine, position: position).record
    }

    private func withChecksum(_ body: [UInt8], position: Int64 = 9) -> [UInt8] {
        let hash = body.withUnsafeBytes { xxHash64($0, seed: UInt64(bitPattern: position)) }
        return withUnsafeBytes(of: hash.littleEndian) { [UInt8]($0) } + body
    }

    struct Vector: CustomTestStringConvertible {
        var text: String
        var hash: UInt64
        var testDescription: String { "'\(text)' has the hash \(String(hash, radix: 16))" }
    }

    // From the reference implementation's and the Go port's test suites.
    @Test(arguments: [
        Vector(text: "", hash: 0xEF46_DB37_51D8_E999),
        Vector(text: "a", hash: 0xD24E_C4F1_A98C_6E5B),
        Vector(text: "asdf", hash: 0x4158_72F5_99CE_A71E),
        Vector(
            text: "Call me Ishmael. Some years ago--never mind how long precisely-", hash: 0x02A2_E854_70D6_FD96),
    ])
    func `the checksum is XXH64`(_ vector: Vector) {
        #expect(Array(vector.text.utf8).withUnsafeBytes { xxHash64($0, seed: 0) } == vector.hash)
    }

    @Test(arguments: 1...40) func `whatever is encoded comes back the same`(seed: UInt64) throws {
        var random = Seeded(seed: seed)
        for _ in 0..<20 {
            let record = RandomRecord.make(using: &random)
            #expect(try decoded(encoded(record), machine: record.machine) == record, "seed \(seed)")
        }
    }

    @Test(arguments: [
        Value.double(-0.0), .double(0), .double(.leastNonzeroMagnitude), .double(1e300), .double(214_748_364.8),
        .double(0.1 + 0.2), .float(-0.0), .int(.min), .int(.max), .uint(.max), .text(""),
    ])
    func `extreme values keep every bit`(_ value: Value) throws {
        let record = SweepRecord(
            machine: MachineNumber(rawValue: 0), rev: 1, clock: .holdover, readings: [Sample.reading(0, seq: 1, value)])
        let back = try decoded(encoded(record), machine: record.machine).readings[0].value
        #expect(back == value)
        if case .double(let old) = value, case .double(let new) = back { #expect(old.bitPattern == new.bitPattern) }
        if case .float(let old) = value, case .float(let new) = back { #expect(old.bitPattern == new.bitPattern) }
    }

    @Test func `a scaled sweep of 1,000 registers costs about two bytes a reading`() {
        let readings = (0..<1_000).map { index in
            Sample.reading(UInt16(index), seq: 77, .double(Double((index * 7_919) % 30_000) / 10), seconds: 5)
        }
        let record = SweepRecord(
            machine: MachineNumber(rawValue: 0), rev: 1, clock: .synchronised, readings: readings)
        #expect(encoded(record).count < 2_100)
    }

    @Test func `the encoding of version 1 stays readable for good`() throws {
        let digits = Array(VersionOne.payload)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
        }
        #expect(try decoded(bytes, machine: VersionOne.record.machine) == VersionOne.record)
    }

    @Test func `a record of what happened alone has its times and comes back as it was`() throws {
        var record = Sample.sweep(5)
        record.readings = []
        record.occurrences = Happened.everything
        #expect(try decoded(encoded(record), machine: record.machine) == record)
        var encoder = RecordEncoder()
        let summary = encoder.encode(record, epoch: 3, position: 9)
        #expect(summary.first == Happened.everything.compactMap(\.time).min())
        #expect(summary.last == Happened.everything.compactMap(\.time).max())
    }

    @Test func `bytes of another position or with any bit changed are refused`() throws {
        let record = Sample.sweep(5)
        let bytes = encoded(record)
        #expect(throws: CodecError.checksum) { try decoded(bytes, machine: record.machine, position: 10) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: CodecError.checksum) { try decoded(changed, machine: record.machine) }
        }
    }

    @Test func `a version of the encoding that is not known is named`() throws {
        var bytes = Array(encoded(Sample.sweep(1))[8...])
        bytes[0] = 3
        #expect(throws: CodecError.version(3)) {
            try decoded(withChecksum(bytes), machine: MachineNumber(rawValue: 0))
        }
    }

    /// The checksum is made to fit, so that the decoder itself meets the nonsense.
    @Test(arguments: 1...30) func `nonsense gives an error and never a trap`(seed: UInt64) {
        var random = Seeded(seed: seed)
        for _ in 0..<150 {
            var body = Array(encoded(RandomRecord.make(using: &random))[8...])
            for _ in 0..<Int.random(in: 1...6, using: &random) where !body.isEmpty {
                let place = Int.random(
                    in: 1..<max(2, min(body.count, Bool.random(using: &random) ? 40 : body.count)), using: &random)
                guard place < body.count else { continue }
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body[place] = UInt8.random(in: 0 ... .max, using: &random)
                case 1: body.removeSubrange(place...)
                default: body.insert(contentsOf: [0xFF, 0xFF, 0xFF], at: place)
                }
            }
            let bytes = withChecksum(body)
            do throws(CodecError) {
                let record = try decoded(bytes, machine: MachineNumber(rawValue: 0))
                #expect(record.readings.count <= RecordFormat.maximumReadings)
            } catch {
                #expect(error != .checksum)
            }
        }
    }
}
