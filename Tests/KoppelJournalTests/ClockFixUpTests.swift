import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

/// What becomes of times that a clock without a source gave. In the world of these tests the true offset is zero: the
/// right time of a reading is its time since boot.
@Suite(.timeLimit(.minutes(5)))
struct ClockFixUpTests {
    private let plant = Sample.id("plant")
    /// A clock that stands on 1970 when the machine has run for 1,770,000,000 s.
    private let from1970 = Duration.seconds(-1_770_000_000)

    private func opened(_ world: World) async throws -> SQLiteJournal {
        let journal = try await world.open()
        try await journal.setDestinations([plant])
        _ = try await journal.register(Sample.registration())
        return journal
    }

    /// A sweep at a second since the begin, with the time a clock gave that was wrong by `offset`.
    private func unsure(_ seq: UInt64, offset: Duration? = nil) -> SweepRecord {
        let offset = offset ?? from1970
        var record = Sample.sweep(seq, clock: .unsynchronised)
        record.moveTimes(by: offset)
        record.offset = offset
        return record
    }

    private func seconds(_ records: [StoredRecord]) -> [Int64] {
        records.map { ($0.record.readings[0].time.nanoseconds - Sample.time(0).nanoseconds) / 1_000_000_000 }
    }

    @Test func `D09: readings from 1970 wait as they are, and are put right once with the first trusted time`()
        async throws
    {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append([unsure(1), unsure(2)])
        #expect(try await journal.readAll().map(\.record) == [unsure(1), unsure(2)])
        _ = try await journal.append([unsure(3), Sample.sweep(4)])
        let found = try await journal.readAll()
        #expect(seconds(found) == [1, 2, 3, 4])
        #expect(found.map(\.record.clock) == [.holdover, .holdover, .holdover, .synchronised])
        #expect(found.map { $0.record.readings.map(\.seq) } == (1...4).map { [$0, $0, $0] })
        try await journal.close()
    }

    @Test func `P53: both ways to read give the same, and so does each later read, after a crash too`() async throws {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append((1...5).map { unsure($0) })
        // The clock was set by hand in between, wrongly.
        _ = try await journal.append((6...8).map { unsure($0, offset: .seconds(-500)) })
        _ = try await journal.append([Sample.sweep(9), Sample.sweep(10)])
        let fromMemory = try await journal.readAll()
        let after = try World(crashOf: world)
        let found = try await after.open()
        for _ in 0..<3 { #expect(try await found.readAll() == fromMemory) }
        #expect(seconds(fromMemory) == Array(1...10))
        // A later step of a clock that is trusted again changes nothing that is settled.
        after.change { $0.now = $0.now.advanced(by: .seconds(77)) }
        var later = Sample.sweep(11, offset: .seconds(77))
        later.moveTimes(by: .seconds(77))
        _ = try await found.append([unsure(12), later])
        #expect(try await found.readAll().prefix(10) == fromMemory[...])
        #expect(seconds(try await found.readAll()).suffix(2) == [12 + 77, 11 + 77])
        try await found.close()
        try await journal.close()
    }

    @Test func `P53, S05: a commit that fails leaves file and memory of one mind about the clock`() async throws {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append([unsure(1)])
        await journal.writer.setAfterCommit { throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
        await #expect(throws: JournalError.self) { _ = try await journal.append([Sample.sweep(2)]) }
        await journal.writer.setAfterCommit(nil)
        _ = try await journal.append([unsure(3)])
        let stored = try await journal.readAll()
        #expect(stored.map { $0.record.readings[0].seq } == [1, 3])
        #expect(stored.map(\.record.clock) == [.holdover, .unsynchronised])
        let after = try World(crashOf: world)
        let found = try await after.open()
        #expect(try await found.readAll() == stored)
        try await found.close()
        try await journal.close()
    }

    @Test func `P53: another run in the same boot puts right what the first could not`() async throws {
        let world = try World()
        _ = try await opened(world).append([unsure(1)])
        let after = try World(crashOf: world)
        let journal = try await opened(after)
        _ = try await journal.append([Sample.sweep(2)])
        #expect(seconds(try await journal.readAll()) == [1, 2])
        #expect(try await journal.readAll().map(\.record.clock) == [.holdover, .synchronised])
        try await journal.close()
    }

    @Test func `P53: another boot puts nothing right`() async throws {
        let world = try World()
        let first = try await opened(world)
        _ = try await first.append([unsure(1)])
        try await first.close()
        world.change { $0.boot = "boot-2" }
        let journal = try await opened(world)
        _ = try await journal.append([Sample.sweep(2)])
        #expect(try await journal.readAll().map(\.record) == [unsure(1), Sample.sweep(2)])
        try await journal.close()
    }

    @Test func `P53: doubt that begins after a trusted time waits for the next one`() async throws {
        let world = try World()
        let journal = try await opened(world)
        // Holdover ran out: nothing was set, and still nobody vouches.
        _ = try await journal.append([Sample.sweep(1), Sample.sweep(2, clock: .unsynchronised)])
        #expect(try await journal.readAll().map(\.record.clock) == [.synchronised, .unsynchronised])
        var drifted = Sample.sweep(3, offset: .seconds(4))
        drifted.moveTimes(by: .seconds(4))
        _ = try await journal.append([drifted])
        #expect(seconds(try await journal.readAll()) == [1, 6, 7])
        try await journal.close()
    }

    @Test func `the backlog and the state tell the true time of the oldest`() async throws {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append([unsure(1)])
        #expect(try await journal.backlog(of: plant).oldest == unsure(1).readings[0].time)
        _ = try await journal.append([Sample.sweep(2)])
        #expect(try await journal.backlog(of: plant).oldest == Sample.time(1))
        #expect(try await journal.state().oldest == Sample.time(1))
        try await journal.close()
        let overview = try await JournalInspector(folder: world.folder).overview()
        #expect(overview.state.oldest == Sample.time(1))
    }

    @Test func `A16: a file of version 1 becomes the newest version, and one that nobody opened says how`() async throws
    {
        let world = try World()
        try await opened(world).close()
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        #expect(try await queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Schema.version)
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 1") }
        try queue.close()
        await #expect {
            _ = try await JournalInspector(folder: world.folder).overview()
        } throws: { error in
            (error as? JournalError)?.description.contains("Start the agent once") == true
        }
    }

    @Test func `a record cannot pass for one of another clock period`() async throws {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append([unsure(1), Sample.sweep(2)])
        try await journal.close()
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try await queue.write { try $0.execute(sql: "UPDATE records SET period = 1") }
        try queue.close()
        let again = try await world.open()
        guard case .damaged = again.history.lastEnd else {
            Issue.record("not found: \(again.history.lastEnd)")
            return
        }
        try await again.close()
    }

    // MARK: What was lost

    @Test func `D09, P60: dropped readings of two clocks are declared on one, and never turned around`() async throws {
        let world = try World()
        let journal = try await opened(world)
        _ = try await journal.append((1...50).map { unsure($0) } + (51...100).map { Sample.sweep($0) })
        _ = try await journal.append([Sample.sweep(101)])
        world.change { $0.pass(.seconds(86_400 * 40)) }
        try await journal.prune()
        let found = try await journal.readAll()
        #expect(found.map(\.record.gaps.count) == [3])
        for gap in found.flatMap(\.record.gaps) {
            #expect(gap.from == Sample.time(1) && gap.to == Sample.time(101) && gap.lost == 100)
        }
        try await journal.close()
    }

    @Test func `D09, P60: what was dropped from another boot without a clock has no date of its own`() async throws {
        let world = try World()
        let first = try await opened(world)
        _ = try await first.append((1...5).map { unsure($0) })
        try await first.close()
        world.change { $0.boot = "boot-2" }
        let journal = try await opened(world)
        _ = try await journal.append((6...9).map { Sample.sweep($0) })
        world.change { $0.pass(.seconds(86_400 * 40)) }
        try await journal.prune()
        let gaps = try await journal.readAll().flatMap(\.record.gaps)
        #expect(gaps.map(\.lost) == [8, 8, 8])
        #expect(gaps.allSatisfy { $0.from == Sample.time(6) && $0.to == Sample.time(9) })
        try await journal.close()
    }
}
