import KoppelAgent
import KoppelCore
import Testing

@testable import koppel

struct ReadRoundTests {
    private let machine: Identifier
    private let time = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    init() throws { machine = try #require(Identifier("press-1")) }

    private func signal(_ value: Double?, _ condition: Condition = .good) throws -> LiveReader.SignalNow {
        let name = try #require(SignalName("electrical/voltage"))
        let point = Point(
            signal: name, table: .inputRegister, address: 0, wire: .uint16, kind: .measurement,
            unit: UnitOfMeasure(ucum: "V"))
        return LiveReader.SignalNow(
            point: point, words: value.map { [UInt16($0)] } ?? [],
            decoded: Decoded(value: value.map { .double($0) }, condition: condition), elapsed: .milliseconds(2),
            isHelper: false)
    }

    @Test func `piped, each change is one line and what stays the same is none`() throws {
        var round = ReadRound(isOnTerminal: false)
        let first = round.changes(machine, [try signal(230)], failures: [], isRaw: true, at: time)
        #expect(
            first
                == "2023-11-14T22:13:20.000Z  press-1 electrical/voltage  230 V  good  input 0: 00E6 (230)  2 ms\n")
        #expect(round.changes(machine, [try signal(230)], failures: [], isRaw: true, at: time).isEmpty)
        let bad = round.changes(machine, [try signal(nil, .timeout)], failures: ["no answer"], isRaw: true, at: time)
        #expect(bad.split(separator: "\n").count == 2)
        #expect(bad.contains("bad  timeout"))
        #expect(round.changes(machine, [try signal(nil, .timeout)], failures: ["other"], isRaw: true, at: time).isEmpty)
    }

    @Test func `on a terminal each round is drawn over the one before`() {
        var round = ReadRound(isOnTerminal: true)
        #expect(round.screen("a\n") == "\u{1B}[2J\u{1B}[Ha\u{1B}[K\n\u{1B}[J")
        #expect(round.screen("b\n") == "\u{1B}[Hb\u{1B}[K\n\u{1B}[J")
    }
}
