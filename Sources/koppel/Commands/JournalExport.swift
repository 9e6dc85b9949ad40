internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelCore

/// The local log as a table.
struct JournalExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes readings and gaps of the journal as CSV or JSON lines.",
        discussion: """
            The columns are \(JournalLines.columns.joined(separator: ", ")). Times are in UTC with nine fraction \
            digits; a bad reading has no value. Works while the agent runs, and from a copy if another program keeps \
            the journal locked or its volume is read-only. Ends with 74 if it cannot be read or written.

            Example: koppel journal export --format csv --from 2026-03-02 --machine main-meter --output meter.csv
            """)

    @OptionGroup var journal: JournalOptions
    @OptionGroup var filter: JournalFilter

    @Option(help: "csv or jsonl.")
    var format = JournalLines.Format.csv

    @Option(help: ArgumentHelp("From this moment on, in UTC: 2026-03-02 or 2026-03-02T08:15:30Z.", valueName: "time"))
    var from: GivenMoment?

    @Option(help: ArgumentHelp("Up to and without this moment.", valueName: "time"))
    var to: GivenMoment?

    @Option(help: ArgumentHelp("Write to this file, which must not exist yet.", valueName: "file"))
    var output: String?

    func run() async throws {
        CommandStart.begin()
        let folder = try journal.place().folder
        let lines = JournalLines(format: format)
        try await JournalOptions.looking {
            let readout = try await JournalReadout(
                folder: folder,
                selection: JournalSelection(
                    machine: filter.machine, signal: filter.signal, from: from?.time, to: to?.time))
            if await readout.readsCopy { JournalOptions.tellCopy(folder) }
            let file = try output.map(Self.create)
            try write(lines.header, to: file)
            var position = JournalPosition.start
            var written = 0
            while position < readout.end, let piece = try await readout.entries(after: position) {
                try write(piece.entries.map(lines.line).joined(), to: file)
                position = piece.end
                written += piece.entries.count
                if file != nil { Progress.step("\(written) lines written") }
            }
            if file != nil {
                Progress.endSteps()
                Streams.tell("\(PlainText.count(written, "line")) written to \(output ?? "")")
            }
        }
    }

    private static func create(_ path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            Streams.complain("\(path) cannot be written: \(String(cString: strerror(errno)))")
            throw ExitStatus.inputOutput
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func write(_ text: String, to file: FileHandle?) throws {
        guard let file else { return try Streams.write(text) }
        do {
            try file.write(contentsOf: Data(text.utf8))
        } catch {
            Streams.complain("\(output ?? "") cannot be written: \(error.localizedDescription)")
            throw ExitStatus.inputOutput
        }
    }
}
