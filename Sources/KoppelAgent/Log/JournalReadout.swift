package import KoppelCore
internal import KoppelJournal

/// A reading or a gap of the journal, with the names it belongs to.
package struct JournalEntry: Sendable {
    package enum What: Sendable {
        case reading(Reading)
        case gap(Gap)
    }

    package var what: What
    package var machine: String
    package var signal: String
    package var epoch: UInt32
    package var rev: UInt32
    package var clock: ClockState
    package var position: JournalPosition

    /// When it was read; of a gap, when it begins.
    package var time: Timestamp {
        switch what {
        case .reading(let reading): reading.time
        case .gap(let gap): gap.from
        }
    }
}

/// Which entries of the journal are wanted.
package struct JournalSelection: Sendable {
    /// The id of a machine.
    package var machine: String?
    /// The name of a signal, in which `*` stands for anything.
    package var signal: String?
    /// From this moment on.
    package var from: Timestamp?
    /// Up to and without this moment.
    package var to: Timestamp?

    package init(
        machine: String? = nil, signal: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil
    ) {
        self.machine = machine
        self.signal = signal
        self.from = from
        self.to = to
    }

    /// A gap is wanted if any of it is.
    func takes(_ entry: JournalEntry) -> Bool {
        var end = entry.time
        if case .gap(let gap) = entry.what { end = gap.to }
        return (from.map { end >= $0 } ?? true) && (to.map { entry.time < $0 } ?? true)
    }

    func takes(machine id: String) -> Bool { machine.map { $0 == id } ?? true }

    func takes(signal name: String) -> Bool {
        guard let signal else { return true }
        let parts = signal.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return signal == name }
        var rest = name[...]
        for (index, part) in parts.enumerated() where !part.isEmpty {
            if index == 0 {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
            } else if index == parts.count - 1 {
                return rest.hasSuffix(part)
            } else {
                guard let found = rest.firstRange(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
        }
        return true
    }
}

/// Goes through the journal of a data folder without owning it, a piece at a time: never more than one record or 5,000
/// readings in memory. Works while the agent runs, and from a copy where the journal cannot be read in its place.
package struct JournalReadout: Sendable {
    private struct Machine {
        var id: String
        var signals: [String]
        var isWanted: [Bool]
    }

    private static let piece = 5_000

    private let inspector: JournalInspector
    private let selection: JournalSelection
    private let machines: [Machine]
    /// The newest record when it began.
    package let end: JournalPosition

    /// - Throws: ``JournalError`` if there is no journal, or it cannot be read.
    package init(folder: String, selection: JournalSelection = JournalSelection()) async throws(JournalError) {
        inspector = JournalInspector(folder: folder)
        self.selection = selection
        let overview = try await inspector.overview()
        end = overview.state.end
        machines = overview.machines.map { machine in
            Machine(
                id: machine.id, signals: machine.signals,
                isWanted: machine.signals.map { selection.takes(machine: machine.id) && selection.takes(signal: $0) })
        }
    }

    /// True if a copy is read.
    package var readsCopy: Bool { get async { await inspector.readsCopy } }

    /// True if a machine has the id that was asked for, and a signal the name.
    package var canFindAny: Bool { machines.contains { $0.isWanted.contains(true) } }

    /// What is wanted of the next piece after a position, oldest first, and where that piece ends; `nil` at the end.
    package func entries(
        after position: JournalPosition
    ) async throws(JournalError) -> (entries: [JournalEntry], end: JournalPosition)? {
        let records = try await inspector.read(after: position, maximumReadings: Self.piece)
        guard let last = records.last else { return nil }
        return (records.flatMap(entries), last.position)
    }

    /// The newest entries that are wanted, oldest first, and where they end.
    package func newest(_ count: Int) async throws(JournalError) -> (entries: [JournalEntry], end: JournalPosition) {
        var width: Int64 = 64
        while true {
            let start = JournalPosition(rawValue: max(0, end.rawValue - width))
            var found: [JournalEntry] = []
            var position = start
            while position < end, let piece = try await entries(after: position) {
                found += piece.entries
                found.removeFirst(max(0, found.count - count))
                position = piece.end
            }
            if found.count >= count || start == .start { return (found, max(position, end)) }
            width *= 8
        }
    }

    private func entries(_ stored: StoredRecord) -> [JournalEntry] {
        let record = stored.record
        guard machines.indices.contains(record.machine.rawValue) else { return [] }
        let machine = machines[record.machine.rawValue]
        guard machine.isWanted.contains(true) else { return [] }
        func entry(_ what: JournalEntry.What, _ signal: SignalNumber) -> JournalEntry? {
            let number = Int(signal.rawValue)
            guard machine.signals.indices.contains(number), machine.isWanted[number] else { return nil }
            let entry = JournalEntry(
                what: what, machine: machine.id, signal: machine.signals[number], epoch: stored.epoch, rev: record.rev,
                clock: record.clock, position: stored.position)
            return selection.takes(entry) ? entry : nil
        }
        return record.gaps.compactMap { entry(.gap($0), $0.signal) }
            + record.readings.compactMap { entry(.reading($0), $0.signal) }
    }
}
