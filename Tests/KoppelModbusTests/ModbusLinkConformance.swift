import KoppelCore
import KoppelModbus
import Testing

/// What every ``ModbusLink`` has to do, whatever is between it and the units. The units 1 and 2 it is tested against
/// serve ``values``; no other unit answers.
struct ModbusLinkConformance {
    /// Each register holds its own address plus 1,000 times the unit id; each third bit is set. Registers from 900
    /// do not exist.
    static let values: ModbusServer.Values = { unit, table, start, count in
        guard Int(start) + count <= 900 else { return .exception(ModbusException(code: 2)) }
        return .words(
            (0..<UInt16(count)).map { table.isBits ? ((start + $0) % 3 == 0 ? 1 : 0) : word(unit, start + $0) })
    }

    static func word(_ unit: UnitID, _ address: UInt16) -> UInt16 { UInt16(unit.rawValue) * 1_000 + address }

    let link: any ModbusLink
    /// What a unit that is not there sounds like.
    let absentUnit: Ending
    let timeout: Duration

    func check() async throws {
        try await readsEveryTable()
        try await returnsExceptions()
        try await survivesAnAbsentUnit()
        try await givesTheTimeOfTheMiddle()
        try await keepsThePause()
        try await opensAndClosesTwice()
        try await staysUsableAfterCancelling()
    }

    private func expectWords(_ start: UInt16, _ count: Int, unit: UInt8 = 1) async throws {
        let expected = (0..<UInt16(count)).map { Self.word(UnitID(unit), start + $0) }
        #expect(try await link.ending(of: request(start, count, unit: unit), timeout: timeout) == .words(expected))
    }

    private func readsEveryTable() async throws {
        for table in RegisterTable.allCases {
            for (start, count) in [(0, 1), (3, 17), (899, 1), (100, table.isBits ? 800 : 125)] {
                let request = try request(UInt16(start), count, table: table)
                guard case .words(let expected) = Self.values(request.unit, table, request.start, count) else { return }
                #expect(await link.ending(of: request, timeout: timeout) == .words(expected))
            }
        }
        try await expectWords(7, 2, unit: 2)
    }

    private func returnsExceptions() async throws {
        #expect(try await link.ending(of: request(899, 2), timeout: timeout) == .exception(2))
        try await expectWords(5, 2)
    }

    private func survivesAnAbsentUnit() async throws {
        for _ in 0..<2 {
            #expect(try await link.ending(of: request(0, 2, unit: 9), timeout: timeout) == absentUnit)
            try await expectWords(0, 2)
        }
    }

    private func givesTheTimeOfTheMiddle() async throws {
        let before = wallClock.now
        let answer = try await link.transact(request(0, 2), timeout: timeout, pause: .zero)
        #expect(answer.time > before)
        #expect(answer.time < wallClock.now.advanced(by: .zero - answer.elapsed / 2))
        #expect(answer.elapsed > .zero && answer.elapsed < timeout)
    }

    private func keepsThePause() async throws {
        // A line may count the silence from the last answer on.
        let begin = ContinuousClock.now
        try await expectWords(0, 2)
        let answer = try await link.transact(request(0, 2), timeout: timeout, pause: .milliseconds(300))
        #expect(ContinuousClock.now - begin >= .milliseconds(300))
        #expect(answer.elapsed < .milliseconds(300))
    }

    private func opensAndClosesTwice() async throws {
        try await link.open()
        try await expectWords(1, 1)
        await link.close()
        await link.close()
        guard case .failed(.linkDown) = try await link.ending(of: request(0, 2), timeout: timeout) else {
            Issue.record("a closed link answered")
            return
        }
        try await link.open()
        try await expectWords(2, 2)
    }

    private func staysUsableAfterCancelling() async throws {
        let request = try request(0, 2, unit: 9)
        let begin = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await link.ending(of: request, timeout: .seconds(30)) }
            group.cancelAll()
        }
        // A07: a device that does not answer does not hold up a stop.
        #expect(ContinuousClock.now - begin < .seconds(5))
        try await expectWords(3, 3)
    }
}
