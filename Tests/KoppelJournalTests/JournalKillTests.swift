import Foundation
import KoppelCore
import Testing

@testable import KoppelJournal

/// A process that stores and is killed at any moment, again and again on one folder.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct JournalKillTests {
    private static func surroundings() -> JournalSurroundings {
        JournalSurroundings(
            clock: WallClock(now: { Sample.time(Int64(time(nil))) }, state: { .synchronised }),
            bootID: "the same for all")
    }

    private static func open(_ folder: String, _ durability: String) async throws -> SQLiteJournal {
        let settings = JournalSettings(
            limit: 4 << 20, freeSpaceFloor: 0, durability: JournalSettings.Durability(rawValue: durability) ?? .power)
        let journal = try await SQLiteJournal.open(
            folder: folder, settings: settings, surroundings: surroundings())
        try await journal.setDestinations([Sample.id("plant")])
        return journal
    }

    /// What the child does until it is killed: it says what is acknowledged, after it is.
    private static func storeUntilKilled(_ folder: String, _ durability: String, seed: UInt64) async throws {
        let journal = try await open(folder, durability)
        var random = Seeded(seed: seed)
        let delay = UInt32.random(in: 1_000...120_000, using: &random)
        Thread.detachNewThread {
            usleep(delay)
            kill(getpid(), SIGKILL)
        }
        let acknowledged = Glibc.open(folder + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var seq = try await journal.register(Sample.registration()).memories[0].seq
        // What the child before could store and not say any more.
        let found = Array("\(seq)\n".utf8)
        _ = write(acknowledged, found, found.count)
        while true {
            seq += 1
            _ = try await journal.append([Sample.sweep(seq, text: String(repeating: "x", count: 500))])
            let line = Array("\(seq)\n".utf8)
            _ = write(acknowledged, line, line.count)
            if seq % 13 == 0, let cursor = try await journal.cursor(of: Sample.id("plant")),
                let last = try await journal.read(after: cursor, maximumReadings: 12).last
            {
                try await journal.advance(Sample.id("plant"), to: last.position)
                let moved = Array("cursor \(last.position.rawValue)\n".utf8)
                _ = write(acknowledged, moved, moved.count)
            }
            if seq % 50 == 0 { try await journal.prune() }
        }
    }

    @Test(arguments: ["power", "process"])
    func `A01, A02, A03: after kill -9 everything acknowledged is there`(_ durability: String) async throws {
        let folder = NSTemporaryDirectory() + "koppel-kill-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var newestBefore: UInt64 = 0
        for seed in 1...8 as ClosedRange<UInt64> {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = folder as String, durability = durability as String, seed = seed as UInt64] in
                try await Self.storeUntilKilled(folder, durability, seed: seed)
            }
            let lines = (try? String(contentsOfFile: folder + "/acknowledged", encoding: .utf8)) ?? ""
            let numbers = lines.split(separator: "\n")
            // A child that is killed before it says anything goes on from what was there.
            let acknowledged = max(numbers.compactMap { UInt64($0) }.last ?? 0, newestBefore)
            let moved = numbers.last { $0.hasPrefix("cursor") }.flatMap { Int64($0.dropFirst(7)) } ?? 0

            let journal = try await Self.open(folder, durability)
            #expect(journal.history.epoch == 1)
            let memories = try await journal.register(Sample.registration()).memories
            let newest = memories[0].seq
            newestBefore = newest
            #expect(
                newest == acknowledged || newest == acknowledged + 1, "\(newest) is stored, \(acknowledged) was said")
            #expect(memories.allSatisfy { $0.seq == newest })
            let cursor = try #require(try await journal.cursor(of: Sample.id("plant")))
            #expect(cursor.rawValue >= moved)
            let records = try await journal.readAll(after: cursor)
            let covered = records.reduce(0) { sum, stored in
                sum + 1 + (stored.record.gaps.first { $0.signal.rawValue == 0 }?.lost ?? 0)
            }
            #expect(UInt64(cursor.rawValue) + covered == newest, "position and seq go together here")
            try await journal.close()
        }
        #expect(FileManager.default.fileExists(atPath: folder + "/acknowledged"))
    }
}
