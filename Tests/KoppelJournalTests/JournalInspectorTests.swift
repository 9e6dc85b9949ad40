import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

@Suite(.timeLimit(.minutes(5)))
struct JournalInspectorTests {
    @Test(arguments: [false, true])
    func `a look from outside shows what is there, while the agent runs and when it does not`(_ isStopped: Bool)
        async throws
    {
        let world = try World()
        let journal = try await world.open()
        try await journal.setDestinations([Sample.id("plant"), Sample.id("hub")])
        let register = try await journal.register(Sample.registration())
        let middle = try await journal.append((1...4).map { Sample.sweep(UInt64($0)) })
        _ = try await journal.append([Sample.sweep(5)])
        try await journal.advance(Sample.id("plant"), to: middle)
        let state = try await journal.state()
        if isStopped { try await journal.close() }

        let inspector = JournalInspector(folder: world.folder)
        let overview = try await inspector.overview()
        #expect(overview.epoch == 1 && overview.agentURN == journal.history.agentURN)
        #expect(overview.isStopped == isStopped)
        #expect(overview.state.records == 5 && overview.state.readings == 15)
        #expect(overview.state.end == state.end && overview.state.oldest == state.oldest)
        #expect(overview.machines.map(\.urn) == [register.urn])
        #expect(overview.machines.map(\.signals) == [["values/s0", "values/s1", "values/s2"]])
        #expect(overview.destinations.map(\.id) == ["hub", "plant"])
        #expect(overview.destinations.map(\.waitingRecords) == [5, 1])
        #expect(overview.destinations.map(\.waitingReadings) == [15, 3])
        #expect(try await inspector.read(after: middle, maximumReadings: 10).map(\.record) == [Sample.sweep(5)])
        if !isStopped { try await journal.close() }
    }

    @Test func `S07: a journal that another program keeps for itself alone is read from a copy`() async throws {
        let world = try World()
        let journal = try await world.open()
        _ = try await journal.register(Sample.registration())
        for seq in 1...5 { _ = try await journal.append([Sample.sweep(UInt64(seq))]) }
        try await journal.close()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: world.path("journal.db"), configuration: configuration)
        try holder.inDatabase { db in
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE state SET dropped = 0")
        }
        let inspector = JournalInspector(folder: world.folder)
        #expect(try await inspector.read(after: .start, maximumReadings: 100).count == 5)
        #expect(await inspector.readsCopy)
        try holder.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try holder.close()
    }

    @Test func `a folder without a journal is said to be one`() async throws {
        let world = try World()
        let inspector = JournalInspector(folder: world.folder)
        await #expect {
            _ = try await inspector.overview()
        } throws: { error in
            (error as? JournalError)?.kind == .folder
        }
        #expect(!world.exists("journal.db"))
    }
}
