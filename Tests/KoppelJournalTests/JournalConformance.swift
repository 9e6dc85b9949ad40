import KoppelCore
import Testing

/// What every journal must do, whatever it stores in: the invariants of the port.
///
/// - `open` opens the same journal again; `crash` ends it without closing it, in a way that the next `open` finds.
struct JournalConformance {
    var open: () async throws -> any Journal
    var crash: (any Journal) async throws -> Void

    private let plant = Sample.id("plant")

    private func opened() async throws -> any Journal {
        let journal = try await open()
        try await journal.setDestinations([plant])
        _ = try await journal.register(Sample.registration())
        return journal
    }

    /// Invariants 1 and 2.
    func `what append returned for is found after a crash, in order and whole`() async throws {
        var journal = try await opened()
        var stored: [SweepRecord] = []
        for seq in 1...30 {
            stored.append(Sample.sweep(UInt64(seq)))
            _ = try await journal.append([stored[seq - 1]])
            if seq % 10 == 0 {
                try await crash(journal)
                journal = try await opened()
            }
        }
        let found = try await journal.readAll(chunk: 10)
        #expect(found.map(\.record) == stored)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.position < $1.position })
        #expect(Set(found.map(\.epoch)) == [journal.history.epoch])
        try await journal.close()
    }

    func `a read gives at most what was asked for, and at least one record`() async throws {
        let journal = try await opened()
        _ = try await journal.append((1...10).map { Sample.sweep(UInt64($0)) })
        #expect(try await journal.read(after: .start, maximumReadings: 1).count == 1)
        #expect(try await journal.read(after: .start, maximumReadings: 7).count == 2)
        #expect(try await journal.read(after: .start, maximumReadings: 1_000).count == 10)
        let last = try #require(try await journal.readAll().last)
        #expect(try await journal.read(after: last.position, maximumReadings: 1_000).isEmpty)
        try await journal.close()
    }

    func `the backlog is what is stored and not acknowledged`() async throws {
        let journal = try await opened()
        #expect(try await journal.backlog(of: plant) == JournalBacklog())
        let first = try await journal.append([Sample.sweep(1)])
        _ = try await journal.append([Sample.sweep(2), Sample.sweep(3)])
        let stored = try await journal.readAll()
        let readings = stored.map { UInt64($0.record.readings.count) }
        #expect(try await journal.backlog(of: plant).readings == readings.reduce(0, +))
        try await journal.advance(plant, to: first)
        let rest = try await journal.backlog(of: plant)
        #expect(rest.readings == readings.dropFirst().reduce(0, +))
        #expect(rest.oldest == stored[1].record.readings.map(\.time).min())
        try await journal.advance(plant, to: try #require(stored.last).position)
        #expect(try await journal.backlog(of: plant) == JournalBacklog())
        try await journal.close()
    }

    func `calls at the same time each get the position of their own last record`() async throws {
        let journal = try await opened()
        let positions = try await withThrowingTaskGroup(of: (UInt64, JournalPosition).self) { group in
            for seq in 1...100 {
                group.addTask {
                    (UInt64(seq), try await journal.append([Sample.sweep(UInt64(seq)), Sample.sweep(UInt64(seq))]))
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.1] = $1.0 }
        }
        #expect(positions.count == 100)
        let stored = try await journal.readAll()
        #expect(stored.count == 200)
        for (position, seq) in positions {
            #expect(stored.first { $0.position == position }?.record == Sample.sweep(seq))
        }
        try await journal.close()
    }

    /// Invariant 4.
    func `memory is never older than the newest stored record`() async throws {
        var journal = try await opened()
        for seq in 1...20 {
            _ = try await journal.append([Sample.sweep(UInt64(seq))])
            if seq == 12 {
                let bad = Sample.reading(1, seq: 13, nil, seconds: 99)
                _ = try await journal.append([
                    SweepRecord(machine: MachineNumber(rawValue: 0), rev: 1, clock: .holdover, readings: [bad])
                ])
                try await crash(journal)
                journal = try await open()
                let memories = try await journal.register(Sample.registration()).memories
                #expect(memories.map(\.seq) == [12, 13, 12])
                #expect(memories[1].time == Sample.time(99))
                #expect(memories[1].value == .int(121))
                #expect(memories[1].valueTime == Sample.time(12))
            }
        }
        let found = try await journal.register(Sample.registration()).memories
        try await journal.close()
        journal = try await open()
        #expect(try await journal.register(Sample.registration()).memories == found)
        #expect(found.map(\.seq) == [20, 20, 20])
        try await journal.close()
    }

    /// Invariant 5.
    func `times without a source are put right with the first trusted record, once`() async throws {
        var journal = try await opened()
        let offset = Duration.seconds(-1_000_000)
        var wrong = Sample.sweep(1, clock: .unsynchronised)
        wrong.moveTimes(by: offset)
        wrong.offset = offset
        _ = try await journal.append([wrong])
        #expect(try await journal.readAll().map(\.record) == [wrong])
        _ = try await journal.append([Sample.sweep(2)])
        var right = Sample.sweep(1)
        right.clock = .holdover
        for _ in 0..<2 {
            #expect(try await journal.readAll().map(\.record) == [right, Sample.sweep(2)])
            try await crash(journal)
            journal = try await opened()
        }
        try await journal.close()
    }

    func `a cursor moves forward only, and survives`() async throws {
        var journal = try await opened()
        let first = try await journal.append([Sample.sweep(1)])
        let second = try await journal.append([Sample.sweep(2)])
        #expect(try await journal.cursor(of: plant) == .start)
        #expect(try await journal.cursor(of: Sample.id("nobody")) == nil)
        try await journal.advance(plant, to: second)
        try await journal.advance(plant, to: first)
        #expect(try await journal.cursor(of: plant) == second)
        try await crash(journal)
        journal = try await open()
        #expect(try await journal.cursor(of: plant) == second)
        await #expect(throws: JournalError.self) { try await journal.advance(Sample.id("nobody"), to: first) }
        try await journal.close()
    }

    func `a new destination begins at the end, and one not named is forgotten`() async throws {
        let journal = try await opened()
        let end = try await journal.append([Sample.sweep(1)])
        let hub = Sample.id("hub")
        try await journal.setDestinations([plant, hub])
        #expect(try await journal.cursor(of: plant) == .start)
        #expect(try await journal.cursor(of: hub) == end)
        try await journal.setDestinations([hub])
        #expect(try await journal.cursor(of: plant) == nil)
        try await journal.close()
    }

    func `machines and signals keep their numbers and names, and a changed descriptor raises the revision`()
        async throws
    {
        var journal = try await open()
        let press = try await journal.register(Sample.registration("press"))
        let saw = try await journal.register(Sample.registration("saw"))
        #expect(press.number.rawValue == 0 && saw.number.rawValue == 1)
        #expect(press.urn != saw.urn && press.urn.hasPrefix("urn:uuid:") && press.urn.utf8.count == 45)
        #expect(press.rev == 1 && press.signals.map(\.rawValue) == [0, 1, 2])
        try await journal.close()
        journal = try await open()
        #expect(try await journal.register(Sample.registration("press")) == press)
        let names = ["values/s2", "values/new", "values/s0"].compactMap { SignalName($0) }
        let changed = try await journal.register(
            MachineRegistration(id: Sample.id("press"), signals: names, fingerprint: "f2"))
        #expect(changed.rev == 2)
        #expect(changed.urn == press.urn)
        #expect(changed.signals.map(\.rawValue) == [2, 3, 0])
        try await crash(journal)
        journal = try await open()
        #expect(
            try await journal.register(
                MachineRegistration(id: Sample.id("press"), signals: names, fingerprint: "f2")) == changed)
        try await journal.close()
    }

    func `who waits is woken by the next record, at once if there is one, and when cancelled`() async throws {
        let journal = try await opened()
        let waiting = Task { await journal.waitForRecords(after: .start) }
        let position = try await journal.append([Sample.sweep(1)])
        await waiting.value
        await journal.waitForRecords(after: .start)
        let cancelled = Task { await journal.waitForRecords(after: position) }
        cancelled.cancel()
        await cancelled.value
        try await journal.close()
    }

    func `history tells how the run before has ended`() async throws {
        var journal = try await opened()
        #expect(journal.history.lastEnd == .first)
        #expect(journal.history.lastAlive == nil)
        let urn = journal.history.agentURN
        _ = try await journal.append([Sample.sweep(1)])
        try await journal.close()
        journal = try await open()
        #expect(journal.history.lastEnd == .stopped)
        #expect(journal.history.lastAlive != nil)
        _ = try await journal.append([Sample.sweep(2)])
        try await crash(journal)
        journal = try await open()
        #expect(journal.history.lastEnd == .crashed)
        #expect(journal.history.agentURN == urn)
        #expect(journal.history.epoch == 1)
        try await crash(journal)
        journal = try await open()
        #expect(journal.history.lastEnd == .crashed, "nothing was stored, so the crash is still to be declared")
        try await journal.close()
    }

    func `pruning removes what every destination has, and nothing else`() async throws {
        var journal = try await opened()
        let hub = Sample.id("hub")
        try await journal.setDestinations([plant, hub])
        let middle = try await journal.append((1...5).map { Sample.sweep(UInt64($0)) })
        let end = try await journal.append((6...9).map { Sample.sweep(UInt64($0)) })
        try await journal.advance(plant, to: end)
        try await journal.advance(hub, to: middle)
        try await journal.prune()
        #expect(try await journal.readAll().map(\.record) == (6...9).map { Sample.sweep(UInt64($0)) })
        let state = try await journal.state()
        #expect(state.records == 4 && state.readings == 12 && state.dropped == 0 && state.end == end)
        #expect(state.oldest == Sample.time(6) && state.newest == Sample.time(9))
        try await journal.advance(hub, to: end)
        try await journal.prune()
        #expect(try await journal.readAll().isEmpty)
        try await crash(journal)
        journal = try await opened()
        #expect(try await journal.register(Sample.registration()).memories.map(\.seq) == [9, 9, 9])
        #expect(try await journal.append([Sample.sweep(10)]) > end)
        try await journal.close()
    }
}
