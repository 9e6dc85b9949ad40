import KoppelCore
import Testing

@testable import KoppelModbus

/// What is heard beside the answers.
struct LineFramesTests {
    private func frame(_ body: [UInt8]) -> [UInt8] {
        let sum = RTU.checksum(body.span)
        return body + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    }

    private func frames(_ bytes: [UInt8]) throws -> LineFrames {
        let sent = frame([1, 3, 0, 0, 0, 2])
        return LineFrames(in: bytes.span, last: try request(0, 2), sent: sent.span)
    }

    @Test func `R09: another master's question and the answer to it are two foreign frames, also in noise`() throws {
        let bytes = [0x55, 1] + frame([99, 3, 0, 0, 0, 2]) + frame([99, 3, 4, 1, 2, 3, 4]) + [3]
        let found = try frames(bytes)
        #expect(found.foreign == 2)
        #expect(found.strayAnswers + found.echoes == 0)
    }

    @Test func `R09: a question to our unit that we did not ask is another master's`() throws {
        #expect(try frames(frame([1, 3, 0, 9, 0, 1])).foreign == 1)
        #expect(try frames(frame([1, 6, 0, 9, 0, 1])).foreign == 1)
        #expect(try frames(frame([1, 16, 0, 9, 0, 1, 2, 0, 0])).foreign == 1)
    }

    @Test func `R05: our own question heard back is an echo`() throws {
        let found = try frames(frame([1, 3, 0, 0, 0, 2]))
        #expect(found.echoes == 1)
        #expect(found.foreign == 0)
    }

    @Test func `R07: an answer of the unit asked last is a stray one, an exception too`() throws {
        #expect(try frames(frame([1, 3, 4, 0, 1, 0, 2]) + frame([1, 0x83, 2])).strayAnswers == 2)
    }

    @Test func `noise holds no frames`() throws {
        #expect(try frames([]).isEmpty)
        #expect(try frames([1]).isEmpty)
        #expect(try frames(Array(repeating: 3, count: 1_024)).isEmpty)
    }
}
