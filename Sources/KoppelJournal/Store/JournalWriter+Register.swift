internal import GRDB
internal import KoppelCore

extension JournalWriter {
    func register(_ machine: MachineRegistration) throws(JournalError) -> MachineRegister {
        let known = identity.machines.first { $0.id == machine.id.description }
        var entry =
            known
            ?? Identity.Machine(
                number: identity.machines.count, id: machine.id.description,
                urn: uuidURN(using: &surroundings.randomness), rev: 0, issued: 0, fingerprint: machine.fingerprint,
                signals: [])
        if entry.rev == 0 || entry.fingerprint != machine.fingerprint {
            entry.rev += 1
            entry.fingerprint = machine.fingerprint
            entry.issued = surroundings.clock.wall.nanoseconds
        }
        var numbers = Dictionary(uniqueKeysWithValues: zip(entry.signals, 0...))
        for signal in machine.signals where numbers[signal.description] == nil {
            numbers[signal.description] = entry.signals.count
            entry.signals.append(signal.description)
        }
        try checkBounds(entry)
        if entry != known { try save(.machine(entry)) }
        memories += Array(repeating: SignalMemories(), count: identity.machines.count - memories.count)
        memories[entry.number].makeRoom(for: entry.signals.count)
        let times = try inspect { try PastTimes($0, surroundings) }
        return answer(entry, machine.signals.map { numbers[$0.description] ?? 0 }, times)
    }

    private func answer(_ entry: Identity.Machine, _ numbers: [Int], _ times: PastTimes) -> MachineRegister {
        MachineRegister(
            number: MachineNumber(rawValue: entry.number), urn: entry.urn, rev: entry.rev,
            issued: Timestamp(nanoseconds: entry.issued),
            signals: numbers.map { SignalNumber(rawValue: UInt16(clamping: $0)) },
            memories: numbers.map { memories[entry.number].signals[$0].placed(times) },
            machine: memories[entry.number].placedMachine(times))
    }

    private func checkBounds(_ entry: Identity.Machine) throws(JournalError) {
        guard entry.number < 65_535, entry.signals.count <= 65_535 else {
            throw JournalError(
                kind: .other, path: folder.identity,
                description: "\(entry.id): a journal has at most 65,535 machines of 65,535 signals, those that are "
                    + "gone included. Begin a new data folder.")
        }
    }

    /// In the file first, which outlives the database.
    private func save(_ entry: Identity.Entry) throws(JournalError) {
        let line = try entry.line
        try IdentityFile(path: folder.identity).append(entry)
        try transaction(durably: true) { db in
            try db.execute(sql: "INSERT OR REPLACE INTO identity VALUES (?, ?)", arguments: [entry.key, line])
        }
        identity.merge(entry)
    }

    // MARK: Destinations

    func setDestinations(_ destinations: [Identifier]) throws(JournalError) {
        let known = board.cursors
        let knownDone = board.done
        var cursors: [Identifier: JournalPosition] = [:]
        var done: [Identifier: Int] = [:]
        for id in destinations {
            let cursor = known[id] ?? beginOfUnknown ?? board.end
            cursors[id] = cursor
            if let kept = knownDone[id] { done[id] = kept } else { done[id] = try readings(through: cursor) }
        }
        beginOfUnknown = nil
        guard cursors != known else { return }
        try transaction(durably: true) { db in
            try db.execute(sql: "DELETE FROM destinations")
            for (id, position) in cursors {
                try db.execute(
                    sql: "INSERT INTO destinations VALUES (?, ?, ?)",
                    arguments: [id.description, position.rawValue, done[id]])
            }
        }
        board.setCursors(cursors, done: done)
    }

    /// How many readings of the file lie up to a position.
    private func readings(through position: JournalPosition) throws(JournalError) -> Int {
        guard position < board.end else { return board.totals.readings }
        return try inspect { db in
            try Int.fetchOne(
                db, sql: "SELECT coalesce(sum(readings), 0) FROM records WHERE position <= ?",
                arguments: [position.rawValue]) ?? 0
        }
    }

    /// A cursor is written without waiting for the disk: a power cut may take it back, and then records are repeated,
    /// never lost. A record stored after it takes it along.
    func advance(_ destination: Identifier, to position: JournalPosition) throws(JournalError) {
        var cursors = board.cursors
        guard let old = cursors[destination] else {
            throw JournalError(
                kind: .other, path: folder.database, description: "\(destination): not a destination of this journal")
        }
        let new = min(position, board.end)
        guard new > old else { return }
        var done = board.done
        done[destination] = try transaction(durably: false) { db in
            // What was just delivered was just read, so this finds it in memory.
            let more = try Int.fetchOne(
                db.cachedStatement(
                    sql: "SELECT coalesce(sum(readings), 0) FROM records WHERE position > ? AND position <= ?"),
                arguments: [old.rawValue, new.rawValue])
            let sum = (done[destination] ?? 0) + (more ?? 0)
            try db.cachedStatement(sql: "UPDATE destinations SET position = ?, done = ? WHERE id = ?")
                .execute(arguments: [new.rawValue, sum, destination.description])
            return sum
        }
        let before = cursors.values.min()
        cursors[destination] = new
        board.setCursors(cursors, done: done)
        if let slowest = cursors.values.min(), slowest != before { try noteDelivered(slowest) }
    }

    /// Everybody has everything up to a position.
    private func noteDelivered(_ position: JournalPosition) throws(JournalError) {
        guard let time = try inspect({ try Timestamp.newestStored($0, at: position) }) else { return }
        // A mark that stays behind only declares more.
        try? delivered?.write(DeliveredMark.Reached(position: position, time: time))
    }
}
