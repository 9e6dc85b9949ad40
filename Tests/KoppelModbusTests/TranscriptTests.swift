import KoppelCore
import Testing

@testable import KoppelModbus

/// Traffic as it is written down in the field: `>>` is what we send, `<<` what we receive, checksum included.
struct TranscriptTests {
    struct Transcript: CustomTestStringConvertible {
        let name: String
        let text: String
        let expected: Expected

        enum Expected {
            case words([UInt16])
            case exception(UInt8)
            case nothing(BusError.BadFrame?)
        }

        var testDescription: String { name }

        func bytes(_ mark: String) -> [UInt8] {
            text.split(separator: "\n").filter { $0.hasPrefix(mark) }
                .flatMap { $0.dropFirst(2).split(separator: " ").compactMap { UInt8($0, radix: 16) } }
        }
    }

    @Test(arguments: [
        Transcript(
            name: "frequency of a meter",
            text: """
                >> 01 04 00 46 00 02 90 1E
                << 01 04 04 42 47 FE 77 5F AF
                """, expected: .words([0x4247, 0xFE77])),
        Transcript(
            name: "R04: noise before the answer",
            text: """
                >> 01 04 00 46 00 02 90 1E
                << 00 FF 7F
                << 01 04 04 42 47 FE 77 5F AF
                """, expected: .words([0x4247, 0xFE77])),
        Transcript(
            name: "R05: the adapter hears itself",
            text: """
                >> 01 03 00 00 00 01 84 0A
                << 01 03 00 00 00 01 84 0A
                << 01 03 02 00 2A 39 9B
                """, expected: .words([42])),
        Transcript(
            name: "register 70 does not exist",
            text: """
                >> 01 03 00 46 00 01 65 DF
                << 01 83 02 C0 F1
                """, expected: .exception(2)),
        Transcript(
            name: "three coils",
            text: """
                >> 01 01 00 00 00 03 7C 0B
                << 01 01 01 05 91 8B
                """, expected: .words([1, 0, 1])),
        Transcript(
            name: "R02: one bit is wrong",
            text: """
                >> 01 03 00 00 00 01 84 0A
                << 01 03 02 00 2B 39 9B
                """, expected: .nothing(.checksum)),
        Transcript(
            name: "R06: another unit answers",
            text: """
                >> 01 03 00 00 00 01 84 0A
                << 02 03 02 00 2A 7D 9B
                """, expected: .nothing(.unit)),
        Transcript(
            name: "the answer is cut",
            text: """
                >> 01 03 00 00 00 01 84 0A
                << 01 03 02 00
                """, expected: .nothing(.length)),
        Transcript(
            name: "silence",
            text: ">> 01 03 00 00 00 01 84 0A", expected: .nothing(nil)),
    ])
    func `a written record is read as a technician would`(_ transcript: Transcript) throws {
        let sent = transcript.bytes(">>")
        let isWhole = RTU.hasValidChecksum(sent.span)
        #expect(isWhole)
        let asked = RequestPDU.read(unit: sent[0], pdu: sent.span.extracting(1..<sent.count - 2))
        let request = try #require(asked)
        let received = transcript.bytes("<<")
        let found = RTU.findAnswer(
            in: received.span, unit: request.unit, table: request.table, asked: Int(request.count))
        let answer = found.map {
            AnswerPDU(received.span.extracting($0.lowerBound + 1..<$0.upperBound - 2), to: request)
        }
        switch transcript.expected {
        case .words(let words): #expect(answer == .outcome(.words(words)))
        case .exception(let code): #expect(answer == .outcome(.exception(ModbusException(code: code))))
        case .nothing(let reason):
            #expect(answer == nil)
            let diagnosis = RTU.diagnose(received.span, unit: request.unit, table: request.table)
            #expect(diagnosis == reason)
        }
    }
}
