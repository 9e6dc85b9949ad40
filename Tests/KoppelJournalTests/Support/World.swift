import Foundation
import KoppelCore
import Synchronization

@testable import KoppelJournal

/// A data folder of its own, and a clock, a disk and a boot id that the test decides about.
final class World: Sendable {
    struct Settings {
        /// What the wall clock shows.
        var now = Timestamp(nanoseconds: 1_770_000_000_000_000_000)
        var clock = ClockState.synchronised
        /// Counted as if the machine had started in 1970, so that both clocks show the same until a test sets one.
        var uptime = Duration.seconds(1_770_000_000)
        var freeBytes: Int? = 1 << 40
        var boot = "boot-1"

        /// What the wall clock shows less the time since boot.
        var step: Duration { .nanoseconds(now.nanoseconds) - uptime }

        /// Lets time go by on both clocks.
        mutating func pass(_ time: Duration) {
            now = now.advanced(by: time)
            uptime += time
        }
    }

    let folder: String
    private let state = Mutex(Settings())

    init() throws {
        folder = NSTemporaryDirectory() + "koppel-journal-\(UUID().uuidString)"
    }

    /// A folder as the end of the process would leave it now.
    init(crashOf other: World) throws {
        folder = NSTemporaryDirectory() + "koppel-journal-\(UUID().uuidString)"
        let settings = other.state.withLock { $0 }
        state.withLock { $0 = settings }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for name in ["journal.db", "journal.db-wal", "journal.mark", "identity"] where other.exists(name) {
            try FileManager.default.copyItem(atPath: other.path(name), toPath: path(name))
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    func change(_ body: (inout Settings) -> Void) { state.withLock { body(&$0) } }
    func size(_ name: String) -> Int { DataFile.size(path(name)) ?? 0 }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    /// Changes bytes of a file in place.
    func damage(_ name: String, _ body: (inout Data) -> Void) throws {
        let url = URL(fileURLWithPath: path(name))
        var data = try Data(contentsOf: url)
        body(&data)
        try data.write(to: url)
    }

    func open(
        _ durability: JournalSettings.Durability = .process, limit: Int = 64 << 20,
        keep: Duration = .seconds(86_400 * 30),
        floor: Int = 0, doubtsClock: Bool = true
    ) async throws(JournalError) -> SQLiteJournal {
        try await SQLiteJournal.open(
            folder: folder,
            settings: JournalSettings(limit: limit, keep: keep, freeSpaceFloor: floor, durability: durability),
            surroundings: surroundings(doubtsClock: doubtsClock))
    }

    private func surroundings(doubtsClock: Bool) -> JournalSurroundings {
        JournalSurroundings(
            clock: WallClock(
                now: { [self] in Timestamp(nanoseconds: 0).advanced(by: state.withLock { $0.uptime }) }, anchor: .zero,
                reading: { [self] in state.withLock { ClockReading(state: $0.clock, offset: $0.step, step: $0.step) } }),
            doubtsClock: doubtsClock,
            uptime: { [self] in state.withLock { $0.uptime } }, randomness: Seeded(seed: 7),
            freeBytes: { [self] _ in state.withLock { $0.freeBytes } }, bootID: state.withLock { $0.boot })
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum Sample {
    static func id(_ text: String) -> Identifier {
        guard let id = Identifier(text) else { preconditionFailure("'\(text)' is not an identifier") }
        return id
    }

    static func registration(_ id: String = "press", signals: Int = 3, fingerprint: String = "f1")
        -> MachineRegistration
    {
        MachineRegistration(
            id: self.id(id), signals: (0..<signals).compactMap { SignalName("values/s\($0)") }, fingerprint: fingerprint
        )
    }

    static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: 1_770_000_000_000_000_000 + seconds * 1_000_000_000)
    }

    static func reading(_ signal: UInt16, seq: UInt64, _ value: Value? = .double(1), seconds: Int64? = nil) -> Reading {
        Reading(
            signal: SignalNumber(rawValue: signal), condition: value == nil ? .timeout : .good, seq: seq,
            time: time(seconds ?? Int64(seq)), value: value)
    }

    /// One reading of every signal, all with the same seq.
    static func sweep(
        _ seq: UInt64, machine: Int = 0, signals: UInt16 = 3, text: String? = nil, seconds: Int64? = nil,
        clock: ClockState = .synchronised, offset: Duration = .zero
    ) -> SweepRecord {
        SweepRecord(
            machine: MachineNumber(rawValue: machine), rev: 1, clock: clock, offset: offset,
            readings: (0..<signals).map {
                reading(
                    $0, seq: seq, text.map { .text($0) } ?? .int(Int64(seq) * 10 + Int64($0)), seconds: seconds)
            })
    }
}

extension Journal {
    /// Everything after a position, in reads of a given size.
    func readAll(after position: JournalPosition = .start, chunk: Int = 1_000) async throws -> [StoredRecord] {
        var all: [StoredRecord] = []
        while true {
            let part = try await read(after: all.last?.position ?? position, maximumReadings: chunk)
            if part.isEmpty { return all }
            all += part
        }
    }
}
