import Glibc
import KoppelCore
import KoppelTestKit
import Synchronization
import Testing

@testable import KoppelModbus

/// Faults of a serial line that need a unit with a script.
@Suite(.timeLimit(.minutes(5)))
struct SerialFaultTests {
    static let line = SerialLine(baud: 19_200, parity: .none)

    /// The frame of an answer whose first register says which address was asked, so that a wrong one is seen.
    @Sendable private static func answer(_ question: [UInt8], value: UInt8? = nil) -> [UInt8] {
        let count = Int(question[5])
        var body: [UInt8] = [question[0], question[1], UInt8(count * 2)]
        for _ in 0..<count { body += [0, value ?? question[3]] }
        return frame(body)
    }

    @Sendable private static func frame(_ body: [UInt8]) -> [UInt8] {
        let sum = RTU.checksum(body.span)
        return body + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    }

    private func withUnit<Result: Sendable>(
        _ script: @escaping @Sendable ([UInt8], Int) -> [ScriptedPeer.Step],
        body: (any ModbusLink, ScriptedLine) async throws -> Result
    ) async throws -> Result {
        try await ScriptedLine(script).whileRunning { unit in
            try await withLink(.rtu(device: unit.path, line: Self.line)) { try await body($0, unit) }
        }
    }

    private func expect(_ link: any ModbusLink, _ start: UInt16, _ count: Int, _ expected: Ending) async throws {
        let ending = await link.ending(of: try request(start, count))
        #expect(ending == expected, "address \(start)")
    }

    @Test func `R01: a unit that is not there is silent, and the text says what to check`() async throws {
        try await withUnit({ _, _ in [] }) { link, _ in
            let error = await #expect(throws: BusError.self) {
                _ = try await link.transact(try request(0, 1), timeout: .milliseconds(60), pause: .zero)
            }
            #expect(error?.kind == .timeout)
            #expect(error?.description.contains("Check power, wiring, unit id and baud rate") == true)
        }
    }

    @Test func `R01: a line on which no byte was ever part of a frame has a wrong rate or format`() async throws {
        try await withUnit({ question, number in
            // What 9600 baud looks like at 19200, more or less; from the third question on it is right.
            number < 2 ? [.send([0x80, 0xF8, 0x00, 0xE0, 0x06, 0x78, 0x9E])] : [.send(Self.answer(question))]
        }) { link, _ in
            for _ in 0..<2 {
                let error = await #expect(throws: BusError.self) {
                    _ = try await link.transact(try request(5, 1), timeout: .milliseconds(500), pause: .zero)
                }
                #expect(error?.kind == .badFrame(.unreadable))
                #expect(error?.description.contains("Check baud rate, format and the two wires") == true)
            }
            var ending = await link.ending(of: try request(5, 1))
            for _ in 0..<3 where ending == .failed(.timeout) { ending = await link.ending(of: try request(5, 1)) }
            #expect(ending == .words([5]))
        }
    }

    @Test func `R05: the echo of our own questions is taken out and counted`() async throws {
        try await withUnit({ question, _ in
            [.send(question), .wait(.milliseconds(2)), .send(Self.answer(question))]
        }) { link, _ in
            for start in [2, 7, 2] as [UInt16] {
                let ending = await link.ending(of: try request(start, 1))
                #expect(ending == .words([start]))
            }
            #expect(await link.counters().echoes == 3)
            #expect(await link.counters().foreignFrames == 0)
        }
    }

    @Test func `R05: an echo without an answer is silence, not a bad answer`() async throws {
        try await withUnit({ question, _ in [.send(question)] }) { link, _ in
            let ending = await link.ending(of: try request(0, 2), timeout: .milliseconds(80))
            #expect(ending == .failed(.timeout))
            #expect(await link.counters().echoes == 1)
        }
    }

    @Test func `R07, P01: a question that a late answer could be taken for waits, and not the line`() async throws {
        let unit = try ScriptedLine { question, number in
            switch number {
            case 0: []  // its answer comes late
            case 1: [.send(Self.frame([1, 0x83, 2]))]  // there is no register to ask wider
            case 2:
                [.send(Self.answer(question)), .wait(.milliseconds(40)), .send(Self.answer([1, 3, 0, 0xAD, 0, 2]))]
            default: [.send(Self.answer(question))]
            }
        }
        try await unit.whileRunning { unit in
            let longest = Duration.milliseconds(200)
            try await withLink(.rtu(device: unit.path, line: Self.line), timeout: longest, yieldsLine: true) { link in
                let asked = ContinuousClock.now
                // Experience says that 40 ms are enough; the site file says up to 200 ms.
                let short = Duration.milliseconds(40)
                #expect(await link.ending(of: try request(5, 2), timeout: short) == .failed(.timeout))
                #expect(await link.ending(of: try request(5, 2), timeout: short) == .failed(.answerOutstanding))
                #expect(unit.questions.map { $0[5] } == [2, 3])
                #expect(await link.ending(of: try request(9, 2, unit: 2)) == .words([9, 9]))
                var ending = Ending.failed(.answerOutstanding)
                while ending == .failed(.answerOutstanding), .now < asked + .seconds(20) {
                    // Nothing is asked meanwhile, so nothing tells when it may be.
                    try await Task.sleep(for: .milliseconds(5))
                    ending = await link.ending(of: try request(5, 2), timeout: short)
                }
                #expect(ending == .words([5, 5]))
                #expect(ContinuousClock.now - asked >= longest * 3)
            }
        }
    }

    @Test func `R08: a double that comes after the next question, before its answer, is never that answer`()
        async throws
    {
        try await withUnit({ question, number in
            let true1 = Self.answer(question)
            return number == 1
                ? [.send(Self.answer([1, 3, 0, 10, 0, 1])), .wait(.milliseconds(12)), .send(true1)] : [.send(true1)]
        }) { link, _ in
            try await expect(link, 10, 1, .words([10]))
            try await expect(link, 20, 1, .failed(.badFrame(.several)))
            for start in [20, 30, 10] as [UInt16] {
                try await expect(link, start, 1, .words([start]))
            }
            #expect(await link.counters().strayAnswers > 0)
        }
    }

    @Test func `R08: a double instead of an answer is found by asking again`() async throws {
        try await withUnit({ question, number in
            [.send(number == 1 ? Self.answer([1, 3, 0, 10, 0, 1]) : Self.answer(question))]
        }) { link, unit in
            try await expect(link, 10, 1, .words([10]))
            try await expect(link, 20, 1, .words([20]))
            #expect(unit.questions.count == 3)
        }
    }

    @Test func `R08: an exception that comes twice is not the answer to the next question`() async throws {
        try await withUnit({ question, number in
            [.send(number < 2 ? Self.frame([1, 0x83, 2]) : Self.answer(question))]
        }) { link, _ in
            try await expect(link, 10, 4, .exception(2))
            try await expect(link, 20, 1, .words([20]))
        }
    }

    @Test func `registers of equal value cost one repeated question, and then none`() async throws {
        try await withUnit({ question, _ in [.send(Self.answer(question, value: 0))] }) { link, unit in
            for _ in 0..<4 {
                for start in [10, 20, 30] as [UInt16] {
                    try await expect(link, start, 1, .words([0]))
                }
            }
            #expect(unit.questions.count == 12 + 2)
        }
    }

    @Test func `P04: a pause of the unit lengthens the silence and never shortens it`() async throws {
        // Taken at the unit's end: however late anybody here is woken, the time between two questions only grows.
        let asked = Mutex<[ContinuousClock.Instant]>([])
        try await withUnit({ question, _ in
            asked.withLock { $0.append(.now) }
            return [.send(Self.answer(question))]
        }) { link, _ in
            for pause in [Duration.zero, .milliseconds(1), .milliseconds(40)] {
                _ = try await link.transact(try request(1, 1), timeout: .seconds(1), pause: .zero)
                let second = try await link.transact(try request(2, 1), timeout: .seconds(1), pause: pause)
                #expect(second.outcome == .words([2]))
                let times = asked.withLock { $0.suffix(2) }
                #expect(times[times.endIndex - 1] - times[times.startIndex] >= max(pause, Self.line.frameSilence))
            }
        }
    }

    @Test func `R17: a port that takes no bytes costs one deadline, and its question is not sent later`() async throws {
        let pair = try PtyPair()
        let other = try ScriptedLine { question, _ in [.send(Self.answer(question))] }
        try await other.whileRunning { other in
            try await withLink(.rtu(device: other.path, line: Self.line)) { free in
                try await withLink(.rtu(device: pair.farPath, line: Self.line)) { stuck in
                    // The adapter hangs: nobody takes what is written.
                    let filler = [UInt8](repeating: 0x55, count: 4_096)
                    _ = fcntl(pair.far, F_SETFL, O_NONBLOCK)
                    while write(pair.far, filler, filler.count) > 0 {}
                    let begin = ContinuousClock.now
                    async let blocked = stuck.ending(of: try request(0, 1), timeout: .milliseconds(150))
                    let ending = await free.ending(of: try request(9, 1))
                    #expect(ending == .words([9]))
                    let blockedEnding = try await blocked
                    #expect(blockedEnding == .failed(.timeout))
                    #expect(ContinuousClock.now - begin < .seconds(2))
                    _ = fcntl(pair.near, F_SETFL, O_NONBLOCK)
                    var late = [UInt8](repeating: 0, count: 8_192)
                    let count = Glibc.read(pair.near, &late, late.count)
                    #expect(late.prefix(max(0, count)).allSatisfy { $0 == 0x55 }, "the old question was still sent")
                }
            }
        }
    }
}
