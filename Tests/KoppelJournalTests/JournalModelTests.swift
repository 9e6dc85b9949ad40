import KoppelCore
import Testing

@testable import KoppelJournal

/// Random actions on a journal and on a plain array, and a look at what each destination got in the end.
@Suite(.timeLimit(.minutes(5)))
struct JournalModelTests {
    private struct Key: Hashable {
        var machine: Int
        var signal: UInt16
    }

    private struct Model {
        static let machines = 3
        static let signals: UInt16 = 5

        /// What was acknowledged, by signal and seq.
        var stored: [Key: [Reading]] = [:]
        var cursors: [Identifier: JournalPosition] = [:]
        var got: [Identifier: [StoredRecord]] = [:]
    }

    private static let destinations = [Sample.id("plant"), Sample.id("hub")]
    private static let limit = 256 << 10

    @Test(arguments: 1...12) func `P62: nothing is lost without being declared, whatever happens`(seed: UInt64)
        async throws
    {
        var random = Seeded(seed: seed)
        var world = try World()
        var journal = try await open(world)
        var model = Model()
        for id in Self.destinations {
            model.cursors[id] = .start
            model.got[id] = []
        }
        let steps = 500
        for step in 0..<steps {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<62: try await append(to: journal, &model, &random)
            case 62..<88:
                // The hub is slow for the first two thirds, so that the limit is reached.
                let id = step * 3 > steps * 2 ? Self.destinations.randomElement(using: &random) : Self.destinations[0]
                if let id { try await deliver(id, journal, &model, &random) }
            case 88..<94: try await journal.prune()
            case 94..<97:
                try await journal.close()
                journal = try await reopened(world, model, seed)
            default:
                let after = try World(crashOf: world)
                await journal.writer.abandon()
                world = after
                journal = try await reopened(world, model, seed)
            }
        }
        for id in Self.destinations {
            let rest = try await journal.readAll(after: try #require(model.cursors[id]))
            model.got[id, default: []] += rest
            check(model.got[id] ?? [], of: id, model, seed)
        }
        #expect(try await journal.state().dropped > 0, "seed \(seed) never reached the limit")
        try await journal.close()
    }

    private func open(_ world: World) async throws -> SQLiteJournal {
        let journal = try await world.open(limit: Self.limit)
        try await journal.setDestinations(Self.destinations)
        return journal
    }

    private func reopened(_ world: World, _ model: Model, _ seed: UInt64) async throws -> SQLiteJournal {
        let journal = try await open(world)
        #expect(journal.history.epoch == 1, "seed \(seed)")
        for machine in 0..<Model.machines {
            let memories = try await register(machine, journal).memories
            for signal in 0..<Model.signals {
                let newest = model.stored[Key(machine: machine, signal: signal)]?.last
                #expect(memories[Int(signal)].seq == newest?.seq ?? 0, "seed \(seed)")
                #expect(memories[Int(signal)].time == newest?.time, "seed \(seed)")
            }
        }
        for (id, position) in model.cursors { #expect(try await journal.cursor(of: id) == position, "seed \(seed)") }
        return journal
    }

    private func register(_ machine: Int, _ journal: SQLiteJournal) async throws -> MachineRegister {
        try await journal.register(
            Sample.registration("machine-\(machine)", signals: Int(Model.signals)))
    }

    private func append(to journal: SQLiteJournal, _ model: inout Model, _ random: inout Seeded) async throws {
        for machine in 0..<Model.machines { _ = try await register(machine, journal) }
        var records: [SweepRecord] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let machine = Int.random(in: 0..<Model.machines, using: &random)
            var readings: [Reading] = []
            for signal in 0..<Model.signals where Int.random(in: 0..<3, using: &random) > 0 || signal == 0 {
                let key = Key(machine: machine, signal: signal)
                let seq = (model.stored[key]?.last?.seq ?? 0) + 1
                let text = String(repeating: "x", count: Int.random(in: 0..<300, using: &random))
                let reading = Sample.reading(signal, seq: seq, .text(text))
                model.stored[key, default: []].append(reading)
                readings.append(reading)
            }
            records.append(
                SweepRecord(
                    machine: MachineNumber(rawValue: machine), rev: 1, clock: .synchronised, readings: readings))
        }
        _ = try await journal.append(records)
    }

    private func deliver(
        _ id: Identifier, _ journal: SQLiteJournal, _ model: inout Model, _ random: inout Seeded
    ) async throws {
        let part = try await journal.read(
            after: model.cursors[id] ?? .start, maximumReadings: Int.random(in: 1...60, using: &random))
        guard let last = part.last else { return }
        try await journal.advance(id, to: last.position)
        model.cursors[id] = last.position
        model.got[id, default: []] += part
    }

    private func check(_ got: [StoredRecord], of id: Identifier, _ model: Model, _ seed: UInt64) {
        #expect(zip(got, got.dropFirst()).allSatisfy { $0.position < $1.position }, "seed \(seed), \(id)")
        for (key, stored) in model.stored {
            let mine = got.map(\.record).filter { $0.machine.rawValue == key.machine }
            let readings = mine.flatMap(\.readings).filter { $0.signal.rawValue == key.signal }
            let whole = readings.filter { $0.condition != .dataLost }
            let lost = mine.flatMap(\.gaps).filter { $0.signal.rawValue == key.signal }.reduce(0) { $0 + $1.lost }
            #expect(UInt64(readings.count) + lost == UInt64(stored.count), "seed \(seed), \(id), \(key)")
            #expect(whole.allSatisfy { stored[Int($0.seq) - 1] == $0 }, "seed \(seed), \(id), \(key)")
            #expect(readings.map(\.seq) == readings.map(\.seq).sorted(), "seed \(seed), \(id), \(key)")
            #expect(Set(readings.map(\.seq)).count == readings.count, "seed \(seed), \(id), \(key)")
            #expect(readings.last?.seq == stored.last?.seq, "seed \(seed), \(id), \(key)")
        }
    }
}
