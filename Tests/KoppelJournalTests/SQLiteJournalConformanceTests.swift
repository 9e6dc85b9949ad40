import KoppelCore
import Testing

@testable import KoppelJournal

@Suite(.timeLimit(.minutes(5)))
struct SQLiteJournalConformanceTests {
    /// A journal in a folder that a crash replaces by a copy of itself.
    private final class Place {
        var world: World
        init() throws { world = try World() }
    }

    private func conformance(_ durability: JournalSettings.Durability) throws -> JournalConformance {
        let place = try Place()
        return JournalConformance(
            open: { try await place.world.open(durability) },
            crash: { journal in
                let after = try World(crashOf: place.world)
                await (journal as? SQLiteJournal)?.writer.abandon()
                place.world = after
            })
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `A01: what append returned for is found after a crash`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`what append returned for is found after a crash, in order and whole`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `a read gives what was asked for`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`a read gives at most what was asked for, and at least one record`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `the backlog is what is stored and not acknowledged`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`the backlog is what is stored and not acknowledged`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `calls at the same time share a commit`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`calls at the same time each get the position of their own last record`()
    }

    @Test func `how far a delivery is behind is known while it follows`() async throws {
        let world = try World()
        let journal = try await world.open(.process)
        _ = try await journal.register(Sample.registration())
        let sweeps = (1...3).map { Sample.sweep(UInt64($0)) }
        let end = try await journal.append(sweeps)
        #expect(journal.liveBacklog == nil)
        // Asked again when this machine stood still for longer than a reader counts as following.
        func backlog(readingAfter position: JournalPosition) async throws -> Int? {
            for _ in 0..<100 {
                _ = try await journal.read(after: position, maximumReadings: 1)
                if let backlog = journal.liveBacklog { return backlog }
            }
            return nil
        }
        #expect(try await backlog(readingAfter: .start) == sweeps.reduce(0) { $0 + $1.readings.count })
        #expect(try await backlog(readingAfter: end) == 0)
        try await journal.close()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `memory keeps up`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`memory is never older than the newest stored record`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `P56: a cursor moves forward only`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`a cursor moves forward only, and survives`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `destinations come and go`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`a new destination begins at the end, and one not named is forgotten`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `P57: identities stay`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability)
            .`machines and signals keep their numbers and names, and a changed descriptor raises the revision`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `waiting needs no polling`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability)
            .`who waits is woken by the next record, at once if there is one, and when cancelled`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `history is told`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`history tells how the run before has ended`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `P53, D09: times are put right once`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability)
            .`times without a source are put right with the first trusted record, once`()
    }

    @Test(arguments: [JournalSettings.Durability.power, .process])
    func `P59: delivered records leave`(_ durability: JournalSettings.Durability) async throws {
        try await conformance(durability).`pruning removes what every destination has, and nothing else`()
    }
}
