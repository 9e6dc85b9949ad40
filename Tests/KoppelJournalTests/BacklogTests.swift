import Foundation
import GRDB
import KoppelCore
import Testing

@testable import KoppelJournal

/// The backlog of a destination is kept and not counted, so it has to be held against a count.
@Suite(.timeLimit(.minutes(5)))
struct BacklogTests {
    private let ids = [Sample.id("hub"), Sample.id("plant"), Sample.id("scada")]

    private func expectCounted(_ journal: SQLiteJournal, _ what: String) async throws {
        for id in ids {
            let cursor = try #require(try await journal.cursor(of: id))
            let rest = try await journal.readAll(after: cursor)
            let backlog = try await journal.backlog(of: id)
            #expect(
                backlog.readings == UInt64(rest.reduce(0) { $0 + $1.record.readings.count }),
                "\(id), \(what)")
            #expect(backlog.oldest == rest.first?.record.readings.map(\.time).min(), "\(id), \(what)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the kept backlog is what counting gives, through delivery, dropping, failures and crashes`(
        _ seed: UInt64
    ) async throws {
        var random = Seeded(seed: seed)
        var world = try World()
        var journal = try await world.open(limit: 512 << 10)
        try await journal.setDestinations(ids)
        _ = try await journal.register(Sample.registration(signals: 20))
        let filler = String(repeating: "0123456789abcdef", count: 6)
        var seq: UInt64 = 0
        for step in 0..<60 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    seq += 1
                    _ = try await journal.append([Sample.sweep(seq, signals: 20, text: filler)])
                }
            case 2:
                let id = ids[Int.random(in: 0..<3, using: &random)]
                let cursor = try #require(try await journal.cursor(of: id))
                let part = try await journal.read(
                    after: cursor, maximumReadings: Int.random(in: 1...2_000, using: &random))
                if let last = part.last { try await journal.advance(id, to: last.position) }
            case 3: try await journal.prune()
            case 4:
                await journal.writer.setAfterCommit { throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
                seq += 1
                await #expect(throws: JournalError.self) {
                    _ = try await journal.append([Sample.sweep(seq, signals: 20, text: filler)])
                }
                await journal.writer.setAfterCommit(nil)
                // The record lies in the file until the writer opens it again, and a count would find it.
                try await journal.prune()
            default:
                let after = try World(crashOf: world)
                await journal.writer.abandon()
                world = after
                journal = try await world.open(limit: 512 << 10)
                _ = try await journal.register(Sample.registration(signals: 20))
            }
            try await expectCounted(journal, "step \(step)")
        }
        #expect(try await journal.state().dropped > 0 || seq < 300)
        try await journal.close()
    }

    @Test func `a destination that is new begins without a backlog, and one that stays keeps its own`() async throws {
        let world = try World()
        let journal = try await world.open()
        try await journal.setDestinations([ids[0]])
        _ = try await journal.register(Sample.registration())
        for seq in 1...5 { _ = try await journal.append([Sample.sweep(UInt64(seq))]) }
        try await journal.setDestinations(ids)
        #expect(try await journal.backlog(of: ids[0]).readings == 15)
        #expect(try await journal.backlog(of: ids[1]).readings == 0)
        _ = try await journal.append([Sample.sweep(6)])
        try await expectCounted(journal, "after one more")
        try await journal.close()
    }

    @Test func `A16: a file of version 1, which kept no backlog, has it counted`() async throws {
        let world = try World()
        try FileManager.default.createDirectory(atPath: world.folder, withIntermediateDirectories: false)
        let queue = try DatabaseQueue(path: world.path("journal.db"))
        try await queue.write { try $0.execute(sql: VersionOne.database) }
        try queue.close()
        try HighWaterMark(world.path("journal.mark")).write(JournalPosition(rawValue: 9))
        let journal = try await world.open()
        #expect(try await journal.backlog(of: ids[1]).readings == 3)
        try await journal.close()
    }
}
