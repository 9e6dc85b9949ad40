import Foundation
import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

@Suite(.timeLimit(.minutes(5)))
struct LimitTests {
    private let plant = Sample.id("plant")
    /// Random, so that it takes its room.
    private let filler = String(repeating: "0123456789abcdef", count: 60)

    private func prepared(_ journal: SQLiteJournal, destinations: [Identifier]? = nil) async throws {
        try await journal.setDestinations(destinations ?? [plant])
        _ = try await journal.register(Sample.registration())
        _ = try await journal.register(Sample.registration("saw"))
    }

    /// Every reading from 1 to the newest is there, stands as `dataLost`, or is in a gap: exactly once.
    private func expectComplete(_ records: [StoredRecord], newest: UInt64, machines: Int = 2, dropped: UInt64? = nil) {
        var lostReadings: UInt64 = 0
        for machine in 0..<machines {
            for signal in 0..<3 {
                let mine = records.map(\.record).filter { $0.machine.rawValue == machine }
                let readings = mine.flatMap(\.readings).filter { $0.signal.rawValue == UInt16(signal) }
                let gaps = mine.flatMap(\.gaps).filter { $0.signal.rawValue == UInt16(signal) }
                let lost = gaps.filter { $0.reason == .bufferOverflow }.reduce(0) { $0 + $1.lost }
                #expect(UInt64(readings.count) + lost == newest, "machine \(machine), signal \(signal)")
                #expect(readings.map(\.seq) == readings.map(\.seq).sorted())
                #expect(readings.last?.seq == newest)
                lostReadings += lost + UInt64(readings.filter { $0.condition == .dataLost }.count)
            }
        }
        if let dropped { #expect(lostReadings == dropped) }
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `P60, S08: the file stays within its limit and every dropped reading is declared`(
        _ durability: JournalSettings.Durability
    ) async throws {
        let world = try World()
        let limit = 1 << 20
        let journal = try await world.open(durability, limit: limit)
        try await prepared(journal)
        let count: UInt64 = durability == .power ? 700 : 2_000
        for seq in 1...count {
            _ = try await journal.append([0, 1].map { Sample.sweep(seq, machine: $0, text: filler) })
            #expect(world.size("journal.db") <= limit)
        }
        #expect(world.size("journal.db") + world.size("journal.db-wal") <= limit + limit / 8)
        let state = try await journal.state()
        #expect(state.dropped > 0 && state.bytes <= limit)
        let records = try await journal.readAll()
        #expect(records.count == state.records)
        #expect(records.reduce(0) { $0 + $1.record.readings.count } == state.readings)
        expectComplete(records, newest: count, dropped: state.dropped)
        #expect(records.filter { $0.record.readings[0].condition == .dataLost }.count == 2, "one declaration each")
        let after = try World(crashOf: world)
        let found = try await after.open(durability, limit: limit)
        #expect(try await found.readAll() == records)
        #expect(try await found.state().dropped == state.dropped)
        #expect(try await found.register(Sample.registration()).memories.map(\.seq) == [count, count, count])
        try await found.close()
        try await journal.close()
    }

    @Test func `P58, P59: a full journal drains, and its room is used again`() async throws {
        let world = try World()
        let journal = try await world.open(limit: 1 << 20)
        try await prepared(journal)
        for seq in 1...500 { _ = try await journal.append([Sample.sweep(UInt64(seq), text: filler)]) }
        let dropped = try await journal.state().dropped
        let all = try await journal.readAll()
        try await journal.advance(plant, to: try #require(all.last).position)
        try await journal.prune()
        #expect(try await journal.state().records == 0)
        for seq in 501...700 { _ = try await journal.append([Sample.sweep(UInt64(seq), text: filler)]) }
        #expect(try await journal.state().dropped == dropped, "there was room")
        #expect(world.size("journal.db") <= 1 << 20)
        try await journal.close()
    }

    @Test func `a destination that is further gets no declaration of what it has`() async throws {
        let world = try World()
        let journal = try await world.open(limit: 512 << 10)
        let hub = Sample.id("hub")
        try await prepared(journal, destinations: [plant, hub])
        var hubSaw: [StoredRecord] = []
        for seq in 1...600 {
            _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0, text: filler) })
            if seq % 7 == 0, let cursor = try await journal.cursor(of: hub) {
                let part = try await journal.read(after: cursor, maximumReadings: 1_000)
                hubSaw += part
                if let last = part.last { try await journal.advance(hub, to: last.position) }
            }
        }
        hubSaw += try await journal.readAll(after: try #require(try await journal.cursor(of: hub)))
        expectComplete(hubSaw, newest: 600, dropped: 0)
        expectComplete(try await journal.readAll(), newest: 600)
        try await journal.close()
    }

    @Test func `readings older than the limit go, with a declaration`() async throws {
        let world = try World()
        let journal = try await world.open(keep: .seconds(3_600))
        try await prepared(journal)
        world.change { $0.now = Sample.time(0) }
        try await journal.prune()
        for seq in 1...100 { _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0) }) }
        world.change {
            $0.now = Sample.time(3_600 + 51)
            $0.uptime += .seconds(3_600 + 51)
        }
        try await journal.prune()
        let records = try await journal.readAll()
        #expect(records.count == 102)
        #expect(records[0].record.gaps.map(\.lost) == [49, 49, 49])
        expectComplete(records, newest: 100, dropped: 300)
        try await journal.close()
    }

    @Test func `D07: a clock that jumps ten years ahead empties nothing, nor does one that is not synchronised`()
        async throws
    {
        let world = try World()
        let journal = try await world.open(keep: .seconds(3_600))
        try await prepared(journal)
        try await journal.prune()
        for seq in 1...10 { _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0) }) }
        world.change { $0.now = Sample.time(10 * 366 * 86_400) }
        try await journal.prune()
        #expect(try await journal.state().records == 20)
        world.change { $0.clock = .unsynchronised }
        try await journal.prune()
        #expect(try await journal.state().records == 20)
        try await journal.close()
        // Nor does a restart of the agent, or of the machine, at the new date.
        for boot in ["boot-1", "boot-2"] {
            world.change {
                $0.clock = .synchronised
                $0.boot = boot
                if boot == "boot-2" { $0.uptime = .seconds(60) }
            }
            let again = try await world.open(keep: .seconds(3_600))
            try await again.setDestinations([plant])
            try await again.prune()
            #expect(try await again.state().records == 20, "\(boot)")
            try await again.close()
        }
    }

    @Test func `D07, D09: age goes on without a date, over restarts of agent and machine`() async throws {
        let world = try World()
        world.change { $0.clock = .unsynchronised }
        var journal = try await world.open(keep: .seconds(3_600))
        try await prepared(journal)
        _ = try await journal.append((1...20).map { Sample.sweep($0) })
        world.change { $0.pass(.seconds(2_000)) }
        _ = try await journal.append((21...40).map { Sample.sweep($0, seconds: 2_000) })
        try await journal.close()
        world.change {
            $0.boot = "boot-2"
            $0.uptime = .seconds(30)
            $0.now = Timestamp(nanoseconds: 30_000_000_000)
        }
        journal = try await world.open(keep: .seconds(3_600))
        _ = try await journal.append((41...60).map { Sample.sweep($0, seconds: -1_770_000_000 + 30) })
        world.change { $0.pass(.seconds(1_500)) }
        try await journal.prune()
        #expect(try await journal.readAll().flatMap(\.record.gaps).isEmpty)
        world.change { $0.pass(.seconds(200)) }
        try await journal.prune()
        let gaps = try await journal.readAll().flatMap(\.record.gaps)
        #expect(gaps.map(\.lost) == [19, 19, 19], "the first twenty are an hour old, the others are not")
        try await journal.close()
    }

    @Test func `S01: below the free-space floor the file stops growing, and goes on when there is space`() async throws
    {
        let world = try World()
        let journal = try await world.open(floor: 100 << 20)
        try await prepared(journal)
        for seq in 1...300 {
            _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0, text: filler) })
        }
        #expect(try await journal.state().dropped == 0)
        world.change { $0.freeBytes = 50 << 20 }
        try await journal.prune()
        let size = try await journal.writer.pageCount()
        for seq in 301...900 {
            _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0, text: filler) })
        }
        #expect(try await journal.writer.pageCount() <= size)
        expectComplete(try await journal.readAll(), newest: 900, dropped: try await journal.state().dropped)
        let dropped = try await journal.state().dropped
        #expect(dropped > 0)
        world.change { $0.freeBytes = 500 << 20 }
        try await journal.prune()
        for seq in 901...1_200 {
            _ = try await journal.append([0, 1].map { Sample.sweep(UInt64(seq), machine: $0, text: filler) })
        }
        #expect(try await journal.state().dropped == dropped)
        expectComplete(try await journal.readAll(), newest: 1_200, dropped: dropped)
        try await journal.close()
    }

    @Test func `S01: where not even one sweep fits, append says full, and works again when there is space`()
        async throws
    {
        let world = try World()
        world.change { $0.freeBytes = 0 }
        let journal = try await world.open(floor: 1 << 20)
        try await prepared(journal)
        await #expect {
            for seq in 1...50 {
                _ = try await journal.append([Sample.sweep(UInt64(seq), text: String(repeating: filler, count: 30))])
            }
        } throws: { error in
            guard let error = error as? JournalError else { return false }
            return error.kind == .full && error.description.contains("free-space-floor wants 1 MiB")
        }
        world.change { $0.freeBytes = 1 << 40 }
        try await journal.prune()
        let position = try await journal.append([Sample.sweep(60)])
        #expect(try await journal.readAll().last?.position == position)
        try await journal.close()
    }

    @Test func `S09: the log is emptied in between, however long the journal runs`() async throws {
        let world = try World()
        let journal = try await world.open(limit: 64 << 20)
        try await prepared(journal)
        for seq in 1...3_000 { _ = try await journal.append([Sample.sweep(UInt64(seq), text: filler)]) }
        #expect(world.size("journal.db-wal") <= 5 << 20)
        try await journal.close()
        #expect(!world.exists("journal.db-wal"))
    }
}

extension JournalWriter {
    fileprivate func pageCount() throws -> Int { try inspect { try PageUse($0).count } }
}
