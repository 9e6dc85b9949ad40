internal import FoundationEssentials
internal import GRDB
internal import KoppelCore

extension JournalWriter {
    /// The outcome of a request: what waits is committed now, unless a commit before has taken the request along.
    func finish(_ number: UInt64) throws(JournalError) -> JournalPosition {
        if outcomes[number] == nil { commitWaiting() }
        guard let outcome = outcomes.removeValue(forKey: number) else { return board.end }
        return try outcome.get()
    }

    private func commitWaiting() {
        var accepted: [AppendQueue.Request] = []
        for request in queue.takeAll() {
            do throws(JournalError) {
                try check(request.records)
                accepted.append(request)
            } catch {
                outcomes[request.number] = .failure(error)
            }
        }
        guard !accepted.isEmpty else { return }
        do throws(JournalError) {
            var position = board.end.rawValue
            try store(accepted.flatMap(\.records))
            for request in accepted {
                position += Int64(request.records.count)
                outcomes[request.number] = .success(JournalPosition(rawValue: position))
            }
        } catch {
            for request in accepted { outcomes[request.number] = .failure(error) }
        }
    }

    /// What comes from the engine is right; this keeps a mistake there from making the journal unreadable.
    private func check(_ records: [SweepRecord]) throws(JournalError) {
        for record in records {
            let number = record.machine.rawValue
            guard identity.machines.indices.contains(number) else {
                throw refusal("machine \(number) was never registered")
            }
            let signals = identity.machines[number].signals.count
            let areKnown = record.readings.withUnsafeBufferPointer { readings in
                readings.allIndices { Int($0.signal.rawValue) < signals }
            }
            guard areKnown else {
                throw refusal("a reading of machine \(number) has a signal that was never registered")
            }
            guard record.readings.count <= RecordFormat.maximumReadings,
                record.gaps.count <= RecordFormat.maximumReadings,
                record.occurrences.count <= RecordFormat.maximumOccurrences,
                !record.readings.isEmpty || (record.gaps.isEmpty && !record.occurrences.isEmpty)
            else { throw refusal("a record has from 1 to \(RecordFormat.maximumReadings) readings, or occurrences") }
        }
    }

    private func refusal(_ reason: String) -> JournalError {
        JournalError(kind: .other, path: folder.database, description: "\(folder.database): not stored: \(reason)")
    }

    private func store(_ records: [SweepRecord]) throws(JournalError) {
        guard !records.isEmpty else { return }
        if bytesSinceCheck >= limits.checkEvery { try enforceLimits(slices: 8) }
        var room = 8
        while true {
            do throws(JournalError) {
                return try insert(records)
            } catch {
                guard error.kind == .full, try makeRoom(pages: room) else { throw explained(error) }
                room *= 2
            }
        }
    }

    /// A volume below its free-space floor looks as good as empty to whoever asks `df`.
    private func explained(_ error: JournalError) -> JournalError {
        guard error.kind == .full, let free = surroundings.freeBytes(folder.path), free < limits.freeSpaceFloor else {
            return error
        }
        return JournalError(
            kind: .full, path: folder.database,
            description: "\(folder.database): nothing is stored, since the volume has \(free >> 20) MiB free and "
                + "agent.journal.free-space-floor wants \(limits.freeSpaceFloor >> 20) MiB to stay so. Free space, or "
                + "lower the floor.")
    }

    private func insert(_ records: [SweepRecord]) throws(JournalError) {
        try prepare()
        let uptime = surroundings.uptime()
        let isLifeSignDue = lifeSignAt.map { uptime - $0 >= Self.lifeSignEvery } ?? true
        let isSnapshotDue = readingsSinceSnapshot > max(200_000, 32 * memories.reduce(0) { $0 + $1.signals.count })
        var next = isSnapshotDue ? snapshotState(upTo: board.end) : state
        var periods: [ClockPeriod] = []
        for record in records { periods.append(period(of: record, after: periods.last ?? period)) }
        if isLifeSignDue {
            next.end = .running
            giveLifeSign(&next, in: periods.last)
            next.boot = surroundings.bootID
            next.isDurable = isDurable
        }
        let begin = board.end.rawValue
        let bytes = try transaction(durably: isDurable) { db in
            if isSnapshotDue { try saveMemories(db) }
            if next != state { try next.save(db) }
            var bytes = 0
            var newest = period?.number ?? 0
            for (index, record) in records.enumerated() {
                if periods[index].number > newest {
                    try periods[index].insert(db)
                    newest = periods[index].number
                }
                bytes += try insert(
                    record, epoch: state.epoch, at: begin + Int64(index) + 1, in: periods[index].number, db)
            }
            return bytes
        }
        if isSnapshotDue { memoriesWereSaved(as: next) }
        if isLifeSignDue { lifeSignAt = uptime }
        state = next
        period = periods.last
        bytesSinceCheck += bytes
        publish(records, in: periods, after: begin)
        // The records are stored; a mark that stays behind only proves less.
        try? mark?.write(board.end)
    }

    private func publish(_ records: [SweepRecord], in periods: [ClockPeriod], after begin: Int64) {
        var totals = board.totals
        var stored: [StoredRecord] = []
        stored.reserveCapacity(records.count)
        for (index, record) in records.enumerated() {
            totals.records += 1
            totals.readings += record.readings.count
            readingsSinceSnapshot += record.readings.count
            memories[record.machine.rawValue].remember(
                record, in: periods[index].number, isCurrentEpoch: true)
            stored.append(
                StoredRecord(
                    position: JournalPosition(rawValue: begin + Int64(index) + 1), epoch: state.epoch, record: record))
        }
        board.publish(stored, totals: totals)
    }

    /// - Returns: The bytes of the payload.
    @discardableResult
    func insert(
        _ record: SweepRecord, epoch: UInt32, at position: Int64, in period: Int64, _ db: Database
    ) throws -> Int {
        let summary = encoder.encode(record, epoch: epoch, position: ClockPeriod.seal(position, in: period))
        let statement = try db.cachedStatement(sql: "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)")
        // Not copied: the buffer stays as it is until the next record is encoded, and the statement is done by then.
        let payload = Data(bytesNoCopy: encoder.start, count: encoder.bytes.count, deallocator: .none)
        try statement.execute(arguments: [
            position, record.machine.rawValue, summary.first.nanoseconds, summary.last.nanoseconds,
            record.readings.count, payload, period,
        ])
        return payload.count
    }
}
