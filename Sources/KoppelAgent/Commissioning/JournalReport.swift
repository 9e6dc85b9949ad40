package import KoppelCore
internal import KoppelJournal

/// What is in the journal of a data folder, as of one moment (`koppel journal info`).
///
/// It looks without a lock and changes nothing, so it can be made while the agent runs.
package struct JournalReport: Sendable {
    package struct Machine: Sendable {
        package var id: String
        package var urn: String
        package var rev: UInt32
        package var signals: Int
    }

    package struct Destination: Sendable {
        package var id: String
        /// The position up to which everything was acknowledged.
        package var cursor: Int64
        package var waitingRecords: Int
        package var waitingReadings: Int
    }

    package var folder: String
    package var agentURN: String
    package var epoch: UInt32
    package var state: JournalState
    package var lastAlive: Timestamp?
    /// True if it was closed in order and nothing was stored since.
    package var isStopped: Bool
    package var machines: [Machine]
    package var destinations: [Destination]

    /// - Throws: ``JournalError`` if there is no journal, or it cannot be read.
    package init(folder: String) async throws(JournalError) {
        let overview = try await JournalInspector(folder: folder).overview()
        self.folder = folder
        agentURN = overview.agentURN
        epoch = overview.epoch
        state = overview.state
        lastAlive = overview.lastAlive
        isStopped = overview.isStopped
        machines = overview.machines.map {
            Machine(id: $0.id, urn: $0.urn, rev: $0.rev, signals: $0.signals.count)
        }
        destinations = overview.destinations.map {
            Destination(
                id: $0.id, cursor: $0.cursor.rawValue, waitingRecords: $0.waitingRecords,
                waitingReadings: $0.waitingReadings)
        }
    }

    /// What a stored reading takes in the file, and what a day of them takes at the rate of those in it; `nil` as for
    /// ``capacityHours(_:)``.
    package var stored: (bytesPerReading: Double, bytesPerDay: Double)? {
        guard let hours = hoursInFile else { return nil }
        return (Double(state.bytes) / Double(state.readings), Double(state.bytes) / hours * 24)
    }

    private var hoursInFile: Double? {
        guard let oldest = state.oldest, let newest = state.newest, state.readings >= 1_000 else { return nil }
        let hours = Double(newest.nanoseconds - oldest.nanoseconds) / 3_600e9
        return hours >= 1.0 / 60 ? hours : nil
    }

    /// How many hours of readings the journal holds at the rate of those in it, from empty to its limit in bytes or
    /// age; `nil` if there are too few to tell (less than a minute, or less than 1,000 readings).
    package func capacityHours(_ settings: JournalSettings) -> Double? {
        guard let hours = hoursInFile else { return nil }
        return min(Double(settings.limit) / (Double(state.bytes) / hours), settings.keep.inSeconds / 3_600)
    }
}
