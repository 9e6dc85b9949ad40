internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// The newest readings of the local log.
struct JournalTail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Shows the newest readings and gaps of the journal.",
        discussion: """
            Works while the agent runs, and changes nothing. Ends with 74 if there is no journal or it cannot be read.

            Example: koppel journal tail -n 50 --follow --machine main-meter --signal 'electrical/*'
            """)

    @OptionGroup var journal: JournalOptions
    @OptionGroup var filter: JournalFilter

    @Option(name: .customShort("n"), help: ArgumentHelp("How many.", valueName: "count"))
    var count = 20

    @Flag(help: "Go on with what comes, until Ctrl-C.")
    var follow = false

    @Flag(help: "Write JSON lines, with the keys that `koppel journal export` has.")
    var json = false

    func validate() throws {
        if !(0...100_000).contains(count) { throw ValidationError("-n takes 0 to 100000.") }
    }

    func run() async throws {
        CommandStart.begin()
        let folder = try journal.place().folder
        try await JournalOptions.looking {
            let readout = try await JournalReadout(
                folder: folder, selection: JournalSelection(machine: filter.machine, signal: filter.signal))
            if await readout.readsCopy { JournalOptions.tellCopy(folder) }
            guard readout.canFindAny || follow else {
                Streams.complain("the journal has no such machine or signal; 'koppel journal info' lists the machines")
                throw ExitStatus.no
            }
            var (entries, end) = try await readout.newest(count)
            try show(entries)
            while follow {
                while let next = try await readout.entries(after: end) {
                    try show(next.entries)
                    end = next.end
                }
                // Cancelled means Ctrl-C, which ends the process.
                try await ContinuousClock().sleep(for: .milliseconds(500))
            }
        }
    }

    private func show(_ entries: [JournalEntry]) throws {
        let lines = JournalLines(format: .jsonl)
        let text = entries.map { json ? lines.line($0) : Self.text($0) }.joined()
        if !text.isEmpty { try Streams.write(text) }
    }

    private static func text(_ entry: JournalEntry) -> String {
        let name = "\(entry.machine) \(entry.signal)"
        switch entry.what {
        case .reading(let reading):
            let why = reading.condition.reason.map { " (\($0))" } ?? ""
            return DisplayWidth.harmless(
                "\(reading.time.plainText)  \(name)  \(reading.value?.plainText ?? "–")  "
                    + "\(reading.condition.quality.name)\(why)  \(entry.epoch)/\(reading.seq)") + "\n"
        case .gap(let gap):
            return "\(gap.from.plainText)  \(name)  gap until \(gap.to.plainText), "
                + "\(PlainText.count(Int(clamping: gap.lost), "reading")) missing: \(gap.reason.name)\n"
        }
    }
}
