import Foundation
import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

@Suite(.timeLimit(.minutes(5)))
struct OpeningTests {
    private func filled(_ world: World, _ durability: JournalSettings.Durability = .process) async throws
        -> SQLiteJournal
    {
        let journal = try await world.open(durability)
        try await journal.setDestinations([Sample.id("plant")])
        _ = try await journal.register(Sample.registration(signals: 200))
        for seq in 1...20 {
            _ = try await journal.append([Sample.sweep(UInt64(seq), signals: 200, text: "value number \(seq)")])
        }
        return journal
    }

    /// What a damaged journal must lead to: the file aside, a new epoch, everybody still the same.
    private func expectFreshEpoch(_ world: World, urn: String, agent: String) async throws {
        // The files have the date of today, which is after that of the test's clock.
        world.change { $0.pass(.seconds(100 * 366 * 86_400)) }
        let journal = try await world.open()
        guard case .damaged(let path) = journal.history.lastEnd else {
            Issue.record("not found to be damaged: \(journal.history.lastEnd)")
            return
        }
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(journal.history.epoch == 2)
        #expect(journal.history.agentURN == agent)
        #expect(journal.history.lastAlive != nil)
        let register = try await journal.register(Sample.registration(signals: 200))
        #expect(register.urn == urn && register.number.rawValue == 0 && register.rev == 1)
        #expect(register.signals.map(\.rawValue) == Array(0..<200))
        #expect(register.memories.allSatisfy { $0.seq == 0 })
        let position = try await journal.append([Sample.sweep(1)])
        let stored = try await journal.readAll()
        #expect(stored.last?.position == position && stored.last?.epoch == 2)
        for salvaged in stored.dropLast() {
            let seq = salvaged.record.readings[0].seq
            #expect(salvaged.epoch == 1)
            #expect(salvaged.record.readings == Sample.sweep(seq, signals: 200, text: "value number \(seq)").readings)
        }
        try await journal.close()
    }

    @Test func `A09: a second opening of the folder is refused with the process id of the first`() async throws {
        let world = try World()
        let journal = try await world.open()
        await #expect {
            _ = try await world.open()
        } throws: { error in
            (error as? JournalError)?.kind == .inUse(pid: ProcessInfo.processInfo.processIdentifier)
        }
        _ = try await journal.register(Sample.registration())
        try await journal.close()
        try await world.open().close()
    }

    @Test func `A15: a file of a newer version is refused and not touched`() async throws {
        let world = try World()
        try await filled(world).close()
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 999") }
        try queue.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: world.path("journal.db")))
        await #expect {
            _ = try await world.open()
        } throws: { error in
            (error as? JournalError)?.kind == .newer(999)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: world.path("journal.db"))) == before)
        #expect(try world.names().filter { $0.hasPrefix("journal.db") } == ["journal.db"])
    }

    /// The file as version 1 makes it, in words that no later version may change.
    @Test func `A16: a file of version 1 opens with its readings intact`() async throws {
        let world = try World()
        try FileManager.default.createDirectory(atPath: world.folder, withIntermediateDirectories: false)
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try await queue.write { db in try db.execute(sql: VersionOne.database) }
        try queue.close()
        try HighWaterMark(world.path("journal.mark")).write(JournalPosition(rawValue: 9))
        let journal = try await world.open()
        #expect(journal.history.lastEnd == .stopped)
        #expect(journal.history.lastAlive == Sample.time(0))
        #expect(journal.history.agentURN == "urn:uuid:00000000-0000-4000-8000-000000000001")
        let stored = try await journal.readAll()
        #expect(stored.map(\.record) == [VersionOne.record])
        #expect(try await journal.cursor(of: Sample.id("plant")) == .start)
        let register = try await journal.register(Sample.registration(fingerprint: "f1"))
        #expect(register.urn == "urn:uuid:00000000-0000-4000-8000-000000000002")
        #expect(register.memories.map(\.seq) == [13, 13, 13])
        try await journal.close()
    }

    @Test func `S11: a folder that cannot be made is named with the command that makes it`() async throws {
        let world = try World()
        try Data().write(to: URL(fileURLWithPath: world.folder))
        await #expect {
            _ = try await world.open()
        } throws: { error in
            guard let error = error as? JournalError else { return false }
            return error.kind == .folder && error.description.contains("install -d")
        }
    }

    @Test func `files are for their owner only`() async throws {
        let world = try World()
        let journal = try await filled(world)
        #expect(try FileManager.default.attributesOfItem(atPath: world.folder)[.posixPermissions] as? Int == 0o700)
        for name in try world.names() {
            let mode = try FileManager.default.attributesOfItem(atPath: world.path(name))[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        try await journal.close()
    }

    // MARK: Damage

    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case randomBytes, header, truncated, emptied, deleted, notADatabase
        var testDescription: String { rawValue }
    }

    @Test(arguments: Damage.allCases)
    func `S03, S04: a damaged database is set aside and a new epoch begins`(_ damage: Damage) async throws {
        let world = try World()
        let journal = try await filled(world)
        let register = try await journal.register(Sample.registration(signals: 200))
        let agent = journal.history.agentURN
        try await journal.close()
        switch damage {
        case .randomBytes:
            try world.damage("journal.db") { data in
                var random = Seeded(seed: 1)
                for _ in 0..<64 { data[Int.random(in: 8_192..<data.count, using: &random)] ^= 0xA5 }
            }
        case .header:
            try world.damage("journal.db") { $0.replaceSubrange(0..<100, with: Data(repeating: 7, count: 100)) }
        case .truncated: try world.damage("journal.db") { $0 = $0.prefix($0.count / 2) }
        case .emptied: try world.damage("journal.db") { $0 = Data() }
        case .deleted: try FileManager.default.removeItem(atPath: world.path("journal.db"))
        case .notADatabase: try world.damage("journal.db") { $0 = Data("nothing of ours, and long enough".utf8) }
        }
        if damage == .deleted {
            let again = try await world.open()
            guard case .damaged = again.history.lastEnd else {
                Issue.record("not found to be missing")
                return
            }
            #expect(again.history.epoch == 2)
            try await again.close()
        } else {
            try await expectFreshEpoch(world, urn: register.urn, agent: agent)
        }
    }

    @Test(arguments: ["deleted", "truncated", "damaged"])
    func `S04: a log that lost its end is found, and no seq is given twice`(_ what: String) async throws {
        let world = try World()
        let journal = try await filled(world)
        let register = try await journal.register(Sample.registration(signals: 200))
        let after = try World(crashOf: world)
        await journal.writer.abandon()
        switch what {
        case "deleted": try FileManager.default.removeItem(atPath: after.path("journal.db-wal"))
        case "truncated": try after.damage("journal.db-wal") { $0 = $0.prefix($0.count - 9_000) }
        default: try after.damage("journal.db-wal") { $0[$0.count / 2] ^= 0xFF }
        }
        try await expectFreshEpoch(after, urn: register.urn, agent: journal.history.agentURN)
    }

    @Test func `S03: damage found while running ends in a new epoch at the next opening`() async throws {
        let world = try World()
        try await filled(world).close()
        let journal = try await world.open()
        let register = try await journal.register(Sample.registration(signals: 200))
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try await queue.write { db in
            try db.execute(
                sql: "UPDATE records SET payload = zeroblob(40) WHERE position = 15")
        }
        try queue.close()
        await #expect {
            _ = try await journal.readAll()
        } throws: { error in
            (error as? JournalError)?.kind == .corrupt
        }
        #expect(world.exists("journal.suspect"))
        try await journal.close()
        try await expectFreshEpoch(world, urn: register.urn, agent: journal.history.agentURN)
        #expect(!world.exists("journal.suspect"))
    }

    @Test func `a damaged identity file is repaired from the database, and the other way round`() async throws {
        let world = try World()
        let journal = try await filled(world)
        let register = try await journal.register(Sample.registration(signals: 200))
        let agent = journal.history.agentURN
        try await journal.close()
        try world.damage("identity") { $0[$0.count / 2] ^= 1 }
        let again = try await world.open()
        #expect(again.history.agentURN == agent)
        #expect(again.history.epoch == 1)
        #expect(try await again.register(Sample.registration(signals: 200)) == register)
        try await again.close()
        let text = try String(contentsOfFile: world.path("identity"), encoding: .utf8)
        #expect(text.contains(agent) && text.contains(register.urn))
    }

    @Test func `only the newest two damaged files are kept`() async throws {
        let world = try World()
        for second in 0..<5 {
            world.change { $0.now = Sample.time(Int64(second)) }
            try await filled(world).close()
            try world.damage("journal.db") { $0[0] = 0 }
        }
        try await world.open().close()
        #expect(try world.names().filter { $0.contains("damaged") }.count == 2)
    }

    // MARK: Durability and power

    @Test func `S12: GRDB undoes FULL set in prepareDatabase, and the check tells`() throws {
        let world = try World()
        try FileManager.default.createDirectory(atPath: world.folder, withIntermediateDirectories: false)
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let queue = try DatabaseQueue(path: world.path("trap.db"), configuration: configuration)
        #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 1)
        #expect {
            try queue.read { try JournalConnection.checkSynchronous($0, isFull: true, at: "trap.db") }
        } throws: { error in
            (error as? JournalError)?.kind == .durability(asked: "full", found: "synchronous = 1")
        }
    }

    @Test(arguments: [(JournalSettings.Durability.power, 2), (.process, 1)])
    func `S12: the writer commits with the level that was asked for`(
        _ durability: JournalSettings.Durability, _ level: Int
    ) async throws {
        let world = try World()
        let journal = try await filled(world, durability)
        #expect(try await journal.writer.synchronousLevel() == level)
        try await journal.advance(Sample.id("plant"), to: JournalPosition(rawValue: 3))
        #expect(try await journal.writer.synchronousLevel() == 1, "a cursor does not wait for the disk")
        _ = try await journal.append([Sample.sweep(21)])
        #expect(try await journal.writer.synchronousLevel() == level)
        try await journal.close()
    }

    /// A power cut leaves the log up to the last sync, and then anything: here garbage, at every later length.
    @Test func `A04: with durability power an acknowledged record survives a torn log`() async throws {
        let world = try World()
        let journal = try await filled(world, .power)
        let acknowledged = world.size("journal.db-wal")
        let mark = try Data(contentsOf: URL(fileURLWithPath: world.path("journal.mark")))
        _ = try await journal.append([Sample.sweep(21, signals: 200, text: "not acknowledged")])
        for torn in stride(from: acknowledged, to: world.size("journal.db-wal"), by: 3_001) {
            let after = try World(crashOf: world)
            try after.damage("journal.mark") { $0 = mark }
            try after.damage("journal.db-wal") { data in
                data = data.prefix(torn) + Data(repeating: 0x5A, count: data.count - torn)
            }
            after.change { $0.boot = "boot-2" }
            let found = try await after.open(.power)
            #expect(found.history.epoch == 1)
            #expect(found.history.lastEnd == .crashed)
            #expect(try await found.readAll().map { $0.record.readings[0].seq } == Array(1...20))
            try await found.close()
        }
        try await journal.close()
    }

    @Test(arguments: [(JournalSettings.Durability.power, UInt32(1)), (.process, 2)])
    func `A04: a new epoch begins after a power cut only if the end may be lost`(
        _ durability: JournalSettings.Durability, _ epoch: UInt32
    ) async throws {
        let world = try World()
        let journal = try await filled(world, durability)
        let after = try World(crashOf: world)
        await journal.writer.abandon()
        after.change { $0.boot = "boot-2" }
        let found = try await after.open(durability)
        #expect(found.history.epoch == epoch)
        #expect(found.history.lastEnd == .crashed)
        let memories = try await found.register(Sample.registration(signals: 200)).memories
        #expect(memories.allSatisfy { $0.seq == (epoch == 1 ? 20 : 0) && $0.value == .text("value number 20") })
        #expect(try await found.readAll().count == 20, "what is there is delivered, under its own epoch")
        _ = try await found.append([Sample.sweep(1, signals: 200)])
        #expect(Set(try await found.readAll().map(\.epoch)) == [1, epoch])
        try await found.close()
        let again = try await after.open(durability)
        #expect(again.history.epoch == epoch)
        try await again.close()
    }

    @Test func `S05: after a failed sync the connection is opened again and the record is not there`() async throws {
        let world = try World()
        let journal = try await filled(world, .power)
        await journal.writer.setAfterCommit { throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
        await #expect(throws: JournalError.self) { _ = try await journal.append([Sample.sweep(21)]) }
        await journal.writer.setAfterCommit(nil)
        _ = try await journal.append([Sample.sweep(22)])
        #expect(try await journal.readAll().map { $0.record.readings[0].seq } == Array(1...20) + [22])
        #expect(try await journal.writer.synchronousLevel() == 2)
        let after = try World(crashOf: world)
        let found = try await after.open(.power)
        #expect(try await found.readAll().map { $0.record.readings[0].seq } == Array(1...20) + [22])
        try await found.close()
        try await journal.close()
    }

    @Test func `a life sign is stored at least every five seconds while storing`() async throws {
        let world = try World()
        let journal = try await world.open()
        _ = try await journal.register(Sample.registration())
        for second in 0..<12 {
            world.change {
                $0.uptime = .seconds(1_770_000_000 + second)
                $0.now = Sample.time(Int64(second))
            }
            _ = try await journal.append([Sample.sweep(UInt64(second + 1))])
        }
        let after = try World(crashOf: world)
        await journal.writer.abandon()
        let found = try await after.open()
        #expect(found.history.lastAlive == Sample.time(10))
        try await found.close()
    }
}

extension JournalWriter {
    fileprivate func synchronousLevel() throws -> Int {
        try inspect { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }
}
