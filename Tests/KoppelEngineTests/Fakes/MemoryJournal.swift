import KoppelCore

/// A journal in memory, for tests of what uses one. The real one has its own conformance suite.
actor MemoryJournal: Journal {
    nonisolated let history: JournalHistory
    private(set) var records: [StoredRecord] = []
    private var cursors: [Identifier: JournalPosition] = [:]
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// What the next appends throw, oldest first.
    private var failures: [JournalError] = []

    init(lastEnd: JournalHistory.LastEnd = .first, lastAlive: Timestamp? = nil) {
        history = JournalHistory(
            lastEnd: lastEnd, lastAlive: lastAlive, epoch: 1,
            agentURN: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31")
    }

    func failNextAppend(_ error: JournalError) { failures.append(error) }

    func register(_ machine: MachineRegistration) throws(JournalError) -> MachineRegister {
        MachineRegister(
            number: MachineNumber(rawValue: 0), urn: "urn:uuid:6f1d2a64-0f3b-4c0e-9a53-2f3f6f7f0a11", rev: 1,
            issued: Timestamp(nanoseconds: 0),
            signals: machine.signals.indices.map { SignalNumber(rawValue: UInt16($0)) },
            memories: machine.signals.map { _ in SignalMemory() })
    }

    func setDestinations(_ destinations: [Identifier]) throws(JournalError) {
        for destination in destinations where cursors[destination] == nil { cursors[destination] = end }
    }

    /// The most readings that one call brought.
    private(set) var largestAppend = 0
    private var whileStoring: @Sendable () -> Void = {}

    /// What happens whenever something is stored, such as time passing.
    func whileStoring(_ happens: @escaping @Sendable () -> Void) { whileStoring = happens }

    func append(_ new: [SweepRecord]) throws(JournalError) -> JournalPosition {
        largestAppend = max(largestAppend, new.reduce(0) { $0 + $1.readings.count })
        whileStoring()
        if !failures.isEmpty { throw failures.removeFirst() }
        for record in new {
            records.append(
                StoredRecord(
                    position: JournalPosition(rawValue: Int64(records.count + 1)), epoch: 1, record: record))
        }
        waiters.forEach { $0.resume() }
        waiters = []
        return end
    }

    func read(after position: JournalPosition, maximumReadings: Int) throws(JournalError) -> [StoredRecord] {
        var result: [StoredRecord] = []
        var readings = 0
        for stored in records where stored.position > position {
            readings += stored.record.readings.count
            if !result.isEmpty, readings > maximumReadings { break }
            result.append(stored)
        }
        return result
    }

    func waitForRecords(after position: JournalPosition) async {
        while end <= position, !Task.isCancelled {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    if Task.isCancelled { return continuation.resume() }
                    waiters.append(continuation)
                }
            } onCancel: {
                Task { await self.wake() }
            }
        }
    }

    private func wake() {
        waiters.forEach { $0.resume() }
        waiters = []
    }

    private var end: JournalPosition { records.last?.position ?? .start }

    func cursor(of destination: Identifier) throws(JournalError) -> JournalPosition? { cursors[destination] }

    func advance(_ destination: Identifier, to position: JournalPosition) throws(JournalError) {
        cursors[destination] = max(position, cursors[destination] ?? .start)
    }

    func backlog(of destination: Identifier) throws(JournalError) -> JournalBacklog {
        let waiting = records.filter { $0.position > cursors[destination] ?? .start }.flatMap(\.record.readings)
        return JournalBacklog(readings: UInt64(waiting.count), oldest: waiting.first?.time)
    }

    func prune() throws(JournalError) {}

    func state() throws(JournalError) -> JournalState {
        JournalState(bytes: 0, records: records.count, readings: 0, oldest: nil, newest: nil, dropped: 0, end: end)
    }

    func close() throws(JournalError) {}
}
