internal import KoppelEngine
internal import KoppelExecutor
internal import Logging

/// Writes what the units teach to its file, on a thread of its own, when something changed.
actor FactKeeper {
    private nonisolated let thread = ThreadExecutor(name: "facts")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let board: FactBoard
    private let file: FactsFile
    private var written: Int
    private var isFailing = false

    init(board: FactBoard, file: FactsFile) {
        self.board = board
        self.file = file
        written = board.revision
    }

    /// A disk that refuses is told once; the next change tries again, and so does the next call.
    func keep() {
        let revision = board.revision
        guard revision != written else { return }
        do {
            try file.write(board.facts)
            written = revision
            isFailing = false
        } catch {
            if !isFailing {
                Logger.current.warning(
                    "What was learned of the devices cannot be written; it is learned again after a restart",
                    metadata: ["path": "\(file.path)", "error": "\(error)"])
            }
            isFailing = true
        }
    }
}
