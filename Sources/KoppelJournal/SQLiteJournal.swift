package import KoppelCore

/// The journal on SQLite: one file, a write-ahead log, one writer, one row per machine and sweep.
///
/// What `append` returned for survives the end of the process, and with durability `power` that of the machine too.
/// The folder belongs to one process at a time. Whatever cannot be proved whole is set aside, and a new epoch begins.
///
/// ```swift
/// let journal = try await SQLiteJournal.open(
///     folder: site.agent.dataFolder, settings: site.agent.journal, surroundings: JournalSurroundings(clock: clock))
/// ```
///
/// A `.corrupt` error while running is final for this value: close it and open the folder again, which sets the
/// damaged file aside and says so in the new ``history``.
package final class SQLiteJournal: Journal {
    package let history: JournalHistory

    let writer: JournalWriter
    private let reader: JournalReader
    private let board: JournalBoard
    private let queue: AppendQueue

    /// Opens the journal of a data folder, and makes both if they are missing.
    ///
    /// - Throws: `.inUse` if another process has it, `.newer` if a newer version wrote it (nothing is changed then),
    ///   `.folder`, `.readOnly`, `.durability`. A damaged journal is no error: ``history`` says where it went.
    package static func open(
        folder: String, settings: JournalSettings, surroundings: JournalSurroundings
    ) async throws(JournalError) -> SQLiteJournal {
        let folder = DataFolder(path: folder)
        let board = JournalBoard()
        let queue = AppendQueue()
        let writer = JournalWriter(
            folder: folder, settings: settings, surroundings: surroundings, board: board, queue: queue)
        let history = try await writer.open()
        return SQLiteJournal(
            history: history, writer: writer, reader: JournalReader(folder: folder), board: board, queue: queue)
    }

    private init(
        history: JournalHistory, writer: JournalWriter, reader: JournalReader, board: JournalBoard, queue: AppendQueue
    ) {
        self.history = history
        self.writer = writer
        self.reader = reader
        self.board = board
        self.queue = queue
    }

    package func register(_ machine: MachineRegistration) async throws(JournalError) -> MachineRegister {
        try await writer.register(machine)
    }

    package func keep(_ description: MachineDescription) async throws(JournalError) {
        try await writer.keep(description)
    }

    package func descriptions() async throws(JournalError) -> [MachineDescription] {
        try await writer.descriptions()
    }

    package func setDestinations(_ destinations: [Identifier]) async throws(JournalError) {
        try await writer.setDestinations(destinations)
    }

    package func append(_ records: [SweepRecord]) async throws(JournalError) -> JournalPosition {
        // Left where a commit that is about to begin finds it, whoever asked for that commit.
        try await writer.finish(queue.add(records))
    }

    package func read(
        after position: JournalPosition, maximumReadings: Int
    ) async throws(JournalError) -> [StoredRecord] {
        if let newest = board.newest(after: position, maximumReadings: maximumReadings) { return newest }
        return try await reader.read(after: position, maximumReadings: maximumReadings)
    }

    package var liveBacklog: Int? { board.liveBacklog }

    package func waitForRecords(after position: JournalPosition) async {
        await board.wait(after: position)
    }

    package func cursor(of destination: Identifier) async throws(JournalError) -> JournalPosition? {
        board.cursors[destination]
    }

    package func advance(_ destination: Identifier, to position: JournalPosition) async throws(JournalError) {
        try await writer.advance(destination, to: position)
    }

    package func backlog(of destination: Identifier) async throws(JournalError) -> JournalBacklog {
        guard let (cursor, readings) = board.waiting(for: destination), cursor < board.end else {
            return JournalBacklog()
        }
        return JournalBacklog(readings: UInt64(readings), oldest: try await reader.oldest(after: cursor))
    }

    package func prune() async throws(JournalError) {
        try await writer.prune()
    }

    package func state() async throws(JournalError) -> JournalState {
        try await reader.state(end: board.end, totals: board.totals)
    }

    package func close() async throws(JournalError) {
        await reader.close()
        try await writer.close()
    }
}
