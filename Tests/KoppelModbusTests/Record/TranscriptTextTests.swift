import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

struct TranscriptTextTests {
    private static let begin = Timestamp(nanoseconds: 1_777_622_400_123_456_000)

    private static func some(using random: inout SeededGenerator) -> Transcript {
        func bytes(upTo most: Int) -> [UInt8] {
            (0..<Int.random(in: 1...most, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let reasons = ["no answer in time", "the checksum does not fit", "link down, errno 104", "connection refused"]
        let entries = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            let event: Transcript.Event =
                switch Int.random(in: 0...9, using: &random) {
                case 0: .opened
                case 1: .closed
                case 2: .failed(reasons.randomElement(using: &random) ?? "")
                case 3...5: .sent(bytes(upTo: 12))
                default: .received(bytes(upTo: 260))
                }
            let pauses: [Int64] = [0, 1, 999, 1_000, 12_345, 300_000, 3_600_000_001]
            return Transcript.Entry(silence: .microseconds(pauses.randomElement(using: &random) ?? 0), event: event)
        }
        let line = SerialLine(baud: 19_200, dataBits: 8, parity: .none, stopBits: 2)
        return Transcript(
            bus: "hal-3", url: "rtu:/dev/ttyUSB0?baud=19200&format=8N2",
            framing: Bool.random(using: &random) ? .tcp : .rtu(line),
            timeout: .milliseconds(Int64.random(in: 1...60_000, using: &random)), version: "0.1.0",
            begin: begin.advanced(by: .microseconds(Int64.random(in: 0...100_000_000_000_000, using: &random))),
            lost: Int.random(in: 0...3, using: &random), entries: entries)
    }

    @Test(arguments: 0..<200)
    func `a transcript that is written and read back is the same`(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let transcript = Self.some(using: &random)
        #expect(try Transcript(text: transcript.text) == transcript)
    }

    @Test func `a transcript reads as a technician writes one`() throws {
        let text = """
            # koppel transcript 1
            # bus meters
            # url rtu:/dev/ttyUSB0?baud=9600&format=8E1
            # framing rtu 9600 8E1
            # timeout 1000 ms
            # begin 2026-05-01T08:00:00.123456Z
            # by koppel 0.1.0
            # lost 3 earlier lines
            -- opened
            -- 10 ms silence
            >> 01 03 00 46 00 01 65 DF   # 08:00:00.133456
            -- 12.5 ms silence
            << 01 83 02 C0 F1
            -- 300 ms silence
            -- failed: no answer in time
            -- closed

            """
        let transcript = try Transcript(text: text)
        #expect(transcript.text == text)
        #expect(transcript.framing == .rtu(SerialLine()))
        #expect(transcript.lost == 3)
        #expect(
            transcript.entries.map(\.silence) == [
                .zero, .milliseconds(10), .microseconds(12_500), .milliseconds(300), .zero,
            ])
        #expect(transcript.request(transcript.entries[1].event)?.start == 70)
        let withRemarks = text.replacing(
            "-- closed", with: "# here somebody pulled the plug\r\n\n-- 5 ms silence\n-- closed")
        #expect(try Transcript(text: withRemarks).entries.last?.silence == .milliseconds(5))
    }

    @Test(arguments: [
        ("hello", 1, "this is no transcript"),
        ("# koppel transcript 1\n>> 01", 2, "lacks"),
        ("# koppel transcript 1\n# framing rtu 9600 9E1", 2, "no framing"),
        ("# koppel transcript 1\n# framing tcp\n>> 01 3", 3, "none of"),
        ("# koppel transcript 1\n# framing tcp\n>> 01 XX", 3, "none of"),
        ("# koppel transcript 1\n# framing tcp\n-- -5 ms silence", 3, "none of"),
        ("# koppel transcript 1\n# timeout 0 ms", 2, "no response timeout"),
        ("# koppel transcript 1\n# begin 2026-13-01T08:00:00.000000Z", 2, "no moment"),
    ])
    func `a text that is no transcript is refused with its line`(_ text: String, _ line: Int, _ words: String) {
        let error = #expect(throws: TranscriptError.self) { try Transcript(text: text) }
        #expect(error?.line == line)
        #expect(error?.sentence.contains(words) == true)
    }

    @Test func `X19: bytes of chance never end the reading of a transcript otherwise than with an error`() {
        var random = SeededGenerator(seed: 19)
        let alphabet = Array("#<>- 0123456789ABCDEF.ms\n silencefrtu".utf8)
        for _ in 0..<2_000 {
            let bytes = (0..<60).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let text = Transcript.title + "\n# framing tcp\n" + String(decoding: bytes, as: UTF8.self)
            do throws(TranscriptError) {
                let transcript = try Transcript(text: text)
                #expect(throws: Never.self) { try Transcript(text: transcript.text) }
            } catch {
                #expect(error.line > 0)
            }
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1_000, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999_000, "2100-02-28T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func `a moment is written in UTC and read back`(_ nanoseconds: Int64, _ text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).isoText == text)
        #expect(Timestamp(isoText: text[...]) == Timestamp(nanoseconds: nanoseconds))
    }

    @Test(arguments: ["2026-02-29T00:00:00.000000Z", "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00Z"])
    func `a moment that does not exist is refused`(_ text: String) {
        #expect(Timestamp(isoText: text[...]) == nil)
    }
}
