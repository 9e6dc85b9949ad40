import Glibc
import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

/// Where the chance of the fuzz tests comes from: KOPPEL_FUZZ_SEED, or always the same.
enum FuzzSeed {
    static let value = getenv("KOPPEL_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? 20_260_302
    static var hint: String { "again with KOPPEL_FUZZ_SEED=\(value)" }
}

/// One change that a bad line, a bad device or a bad program makes to a sequence of bytes.
enum Mutation: CaseIterable {
    case flip, replace, insert, remove, cut, append, double, noise

    static func apply(to bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !result.isEmpty {
            let place = Int.random(in: result.indices, using: &random)
            switch Mutation.allCases.randomElement(using: &random) ?? .flip {
            case .flip: result[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case .replace: result[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            case .insert: result.insert(.random(in: 0...255, using: &random), at: place)
            case .remove: result.remove(at: place)
            case .cut: result.removeLast(Int.random(in: 1...result.count, using: &random))
            case .append: result += noise(1...9, using: &random)
            case .double: result += bytes
            case .noise: result = noise(0...300, using: &random)
            }
        }
        return result
    }

    static func noise(_ length: ClosedRange<Int>, using random: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: length, using: &random)).map { _ in .random(in: 0...255, using: &random) }
    }
}

/// X19: no sequence of bytes is believed that is not exactly an answer to the question, none crashes, and none makes
/// anything wait for bytes that no frame announced.
struct CodecFuzzTests {
    /// Runs a check on this many questions with the data of their right answers.
    private func fuzz(
        _ cases: Int, _ check: (ReadRequest, _ pdu: [UInt8], inout SeededGenerator) throws -> Bool
    ) throws {
        var random = SeededGenerator(seed: FuzzSeed.value)
        for number in 0..<cases {
            let table = RegisterTable.allCases[number % 4]
            // Mostly few registers: there a small change is most likely to hit what matters.
            let count = number % 10 == 0 ? table.protocolLimit : Int.random(in: 1...12, using: &random)
            let start = UInt16.random(in: 0...60_000, using: &random)
            let request = try #require(
                ReadRequest(
                    unit: UnitID(UInt8.random(in: 1...3, using: &random)), table: table, start: start, count: count))
            let words = (0..<count).map { _ in UInt16.random(in: 0...(table.isBits ? 1 : .max), using: &random) }
            let holds = try check(request, AnswerPDU.bytes(.words(words), to: table), &random)
            try #require(holds, "case \(number), \(request); \(FuzzSeed.hint)")
        }
    }

    @Test func `X19: a PDU is an answer only if function, byte count and length are those of the question`() throws {
        try fuzz(4_000) { request, pdu, random in
            let bytes = Mutation.apply(to: pdu, using: &random)
            switch AnswerPDU(bytes.span, to: request) {
            case .refused: return bytes != pdu
            case .outcome(.exception(let exception)):
                return bytes == [request.table.rawValue | 0x80, exception.code]
            case .outcome(.words(let words)):
                let length = request.table.isBits ? (Int(request.count) + 7) / 8 : Int(request.count) * 2
                return bytes.count == 2 + length && bytes[0] == request.table.rawValue && Int(bytes[1]) == length
                    && words.count == Int(request.count)
            }
        }
    }

    @Test func `X19: a stream of MBAP frames is cut only where a plausible header says so`() throws {
        try fuzz(4_000) { request, pdu, random in
            let header = [0x12, 0x34, 0, 0, UInt8((pdu.count + 1) >> 8), UInt8((pdu.count + 1) & 0xFF)]
            let bytes = Mutation.apply(to: header + [request.unit.rawValue] + pdu, using: &random)
            switch MBAP.scan(bytes.span) {
            case .incomplete: return bytes.count < 260
            case .broken:
                return bytes.count > 2 && (bytes[2] != 0 || bytes.count > 3 && bytes[3] != 0)
                    || bytes.count >= 6 && !(2...254).contains(Int(bytes[4]) << 8 | Int(bytes[5]))
            case .frame(let frame):
                return frame.length <= min(bytes.count, 260) && frame.length == 6 + (Int(bytes[4]) << 8 | Int(bytes[5]))
                    && frame.unit == bytes[6] && !frame.pdu.isEmpty
            }
        }
    }

    @Test func `X19, P19: an RTU answer is found in any noise, and nothing is found that is none`() throws {
        try fuzz(4_000) { request, pdu, random in
            let right = RTUFrames.withChecksum([request.unit.rawValue] + pdu)
            let before = Mutation.noise(0...20, using: &random)
            let isWhole = Bool.random(using: &random)
            let frame = isWhole ? right : Mutation.apply(to: right, using: &random)
            let bytes = before + frame + Mutation.noise(0...20, using: &random)
            _ = RTU.diagnose(bytes.span, unit: request.unit, table: request.table)
            _ = RTU.findRequest(in: bytes.span) { _ in true }
            let found = RTU.findAnswer(
                in: bytes.span, unit: request.unit, table: request.table, asked: Int(request.count))
            guard let found else { return !isWhole }
            let seen = Array(bytes[found])
            return seen == RTUFrames.withChecksum(Array(seen.dropLast(2))) && seen[0] == request.unit.rawValue
                && (seen.count == right.count && seen[1...2] == right[1...2]
                    || seen.count == 5 && seen[1] == request.table.rawValue | 0x80)
        }
    }

    @Test func `X19: what is received and not used never takes more than its bound, and the newest is kept`() throws {
        var random = SeededGenerator(seed: FuzzSeed.value)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        var (buffer, expected) = (ReceiveBuffer(), [UInt8]())
        for number in 0..<400 {
            let chunk = Mutation.noise(1...600, using: &random)
            try #require(write(ends[1], chunk, chunk.count) == chunk.count)
            expected += chunk
            while try buffer.read(from: ends[0]) > 0 {}
            if number % 5 == 0 { buffer.discard(Int.random(in: 0...700, using: &random)) }
            let kept = buffer.withBytes { bytes in bytes.indices.map { bytes[$0] } }
            expected = expected.suffix(ReceiveBuffer.capacity)
            let holds = kept.count <= ReceiveBuffer.capacity && Array(expected.suffix(kept.count)) == kept
            try #require(holds, "chunk \(number); \(FuzzSeed.hint)")
        }
    }
}
