import Foundation
import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

/// What a damaged journal still has to give, and what is said of the rest.
@Suite(.timeLimit(.minutes(5)))
struct SalvageTests {
    private let plant = Sample.id("plant")
    private let hub = Sample.id("hub")

    /// 200 sweeps, of which the plant has 20 and the hub has 50.
    private func filled(_ world: World) async throws -> SQLiteJournal {
        let journal = try await world.open()
        try await journal.setDestinations([plant, hub])
        _ = try await journal.register(Sample.registration(signals: 20))
        for seq in 1...200 {
            world.change { $0.pass(.seconds(1)) }
            _ = try await journal.append([Sample.sweep(UInt64(seq), signals: 20, text: "value number \(seq)")])
        }
        try await journal.advance(plant, to: JournalPosition(rawValue: 20))
        try await journal.advance(hub, to: JournalPosition(rawValue: 50))
        return journal
    }

    private func spoil(_ world: World, records: ClosedRange<Int64>) throws {
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try queue.write { db in
            try db.execute(
                sql: "UPDATE records SET payload = zeroblob(40) WHERE position BETWEEN ? AND ?",
                arguments: [records.lowerBound, records.upperBound])
        }
        try queue.close()
        try Data("found while running\n".utf8).write(to: URL(fileURLWithPath: world.path("journal.suspect")))
    }

    /// Each number of each signal from the first is there, or in a gap, exactly once.
    private func expectAccounted(_ records: [StoredRecord], from first: UInt64, through last: UInt64, gaps: UInt64) {
        for signal in 0..<20 {
            let number = SignalNumber(rawValue: UInt16(signal))
            let seqs = records.flatMap(\.record.readings).filter { $0.signal == number }.map(\.seq)
            let lost = records.flatMap(\.record.gaps).filter { $0.signal == number && $0.reason == .journalDamaged }
            #expect(seqs == seqs.sorted() && seqs.first == first && seqs.last == last)
            #expect(UInt64(seqs.count) + lost.reduce(0) { $0 + $1.lost } == last - first + 1)
            #expect(lost.reduce(0) { $0 + $1.lost } == gaps)
        }
    }

    @Test func `P61, S03: what is sound of a damaged journal is delivered, and each hole in it is declared`()
        async throws
    {
        let world = try World()
        try await filled(world).close()
        try spoil(world, records: 100...109)
        world.change { $0.pass(.seconds(60)) }
        let journal = try await world.open()
        guard case .damaged = journal.history.lastEnd else {
            Issue.record("\(journal.history.lastEnd)")
            return
        }
        try await journal.setDestinations([plant, hub])
        #expect(try await journal.cursor(of: hub) == JournalPosition(rawValue: 50))
        let found = try await journal.readAll(after: try #require(try await journal.cursor(of: plant)))
        expectAccounted(found, from: 21, through: 200, gaps: 10)
        #expect(Set(found.map(\.epoch)) == [1])
        #expect(try await journal.backlog(of: hub).readings == 140 * 20)
        // What the next run declares begins where the last salvaged reading was.
        #expect(journal.history.lastAlive == Sample.time(200))
        let register = try await journal.register(Sample.registration(signals: 20))
        #expect(register.memories.allSatisfy { $0.seq == 0 && $0.value == .text("value number 200") })
        _ = try await journal.append([Sample.sweep(1, signals: 20)])
        #expect(try await journal.readAll().last?.epoch == 2)
        try await journal.close()
        let again = try await world.open()
        #expect(again.history.lastEnd == .stopped)
        #expect(try await again.readAll().count == found.count + 20 + 1)
        try await again.close()
    }

    @Test func `P61: damage right behind the cursor is declared with the first reading that is left`() async throws {
        let world = try World()
        let journal = try await filled(world)
        try await journal.prune()
        try await journal.close()
        try spoil(world, records: 21...25)
        let again = try await world.open()
        let first = try #require(try await again.readAll().first)
        #expect(first.record.readings[0].seq == 26)
        #expect(first.record.gaps.map(\.lost) == Array(repeating: 5, count: 20))
        #expect(first.record.gaps.allSatisfy { $0.reason == .journalDamaged })
        try await again.close()
    }

    @Test func `P61: pages that cannot be read are stepped over`() async throws {
        let world = try World()
        try await filled(world).close()
        let size = world.size("journal.db")
        try world.damage("journal.db") { data in
            let middle = size / 2 / 4_096 * 4_096
            data.replaceSubrange(middle..<middle + 4_096, with: Data(repeating: 0x5A, count: 4_096))
        }
        let journal = try await world.open()
        let found = try await journal.readAll()
        #expect(found.count > 100, "\(found.count)")
        let last = try #require(found.last?.record.readings[0].seq)
        let first = try #require(found.first?.record.readings[0].seq)
        let lost = last - first + 1 - UInt64(found.count)
        #expect(lost > 0)
        expectAccounted(found, from: first, through: last, gaps: lost)
        try await journal.close()
    }

    @Test func `S03: where nothing can be read, all that was not delivered is declared missing from then on`()
        async throws
    {
        let world = try World()
        try await filled(world).close()
        try world.damage("journal.db") { $0 = Data(repeating: 0x5A, count: $0.count) }
        world.change { $0.pass(.seconds(100 * 366 * 86_400)) }
        let journal = try await world.open()
        // The slowest destination has everything up to the twentieth sweep.
        #expect(journal.history.lastAlive == Sample.time(20))
        try await journal.setDestinations([plant, hub])
        #expect(try await journal.readAll().isEmpty)
        try await journal.close()
    }
}
