import KoppelCore
import Testing

@testable import KoppelJournal

struct OverflowDeclarationTests {
    private func stored(_ position: Int64, _ readings: [Reading], gaps: [Gap] = []) -> StoredRecord {
        StoredRecord(
            position: JournalPosition(rawValue: position), epoch: 1,
            record: SweepRecord(
                machine: MachineNumber(rawValue: 0), rev: 1, clock: .synchronised, readings: readings, gaps: gaps))
    }

    private func declaration(of records: [StoredRecord]) -> OverflowDeclaration {
        var declaration = OverflowDeclaration(machineOf: records[0])
        for record in records { declaration.add(record, in: .beforePeriods) }
        return declaration
    }

    @Test func `P60: three dropped readings are one lost reading that comes and two that do not`() {
        let declared = declaration(of: (1...3).map { stored(Int64($0), [Sample.reading(4, seq: UInt64($0))]) })
        let newest = Sample.reading(4, seq: 3)
        #expect(
            declared.replacement.readings == [
                Reading(signal: newest.signal, condition: .dataLost, seq: 3, time: newest.time, value: nil)
            ])
        #expect(
            declared.replacement.gaps == [
                Gap(
                    signal: newest.signal, from: Sample.time(1), to: Sample.time(3), lost: 2, reason: .bufferOverflow)
            ])
        #expect(declared.newlyDropped == 3)
    }

    @Test func `one dropped reading needs no gap`() {
        let declared = declaration(of: [stored(1, [Sample.reading(0, seq: 9)])])
        #expect(declared.replacement.gaps.isEmpty)
        #expect(declared.replacement.readings.map(\.seq) == [9])
    }

    @Test func `a declaration that is dropped again keeps the sum right`() {
        let first = declaration(of: (1...5).map { stored(Int64($0), [Sample.reading(0, seq: UInt64($0))]) })
        let second = declaration(of: [
            stored(5, first.replacement.readings, gaps: first.replacement.gaps), stored(6, [Sample.reading(0, seq: 6)]),
            stored(7, [Sample.reading(0, seq: 7)]),
        ])
        #expect(second.replacement.readings.map(\.seq) == [7])
        #expect(second.replacement.gaps.map(\.lost) == [6])
        #expect(second.replacement.gaps.first?.from == Sample.time(1))
        #expect(second.newlyDropped == 2)
    }

    @Test func `other gaps are carried along, those of one signal and reason as one`() {
        let signal = SignalNumber(rawValue: 2)
        func missed(_ from: Int64, _ to: Int64, _ lost: UInt64, _ reason: GapReason = .slotMissed) -> Gap {
            Gap(signal: signal, from: Sample.time(from), to: Sample.time(to), lost: lost, reason: reason)
        }
        let declared = declaration(of: [
            stored(1, [Sample.reading(0, seq: 1)], gaps: [missed(1, 2, 3), missed(0, 1, 1, .agentCrashed)]),
            stored(2, [Sample.reading(0, seq: 2)], gaps: [missed(5, 6, 4)]),
        ])
        #expect(
            declared.replacement.gaps.filter { $0.signal == signal }.sorted { $0.lost < $1.lost }
                == [missed(0, 1, 1, .agentCrashed), missed(1, 6, 7)])
    }
}
