internal import ArgumentParser
internal import KoppelCore

/// Raw words to values, without a device.
struct DecodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Turns raw words into values, without a device.",
        discussion: """
            Words are hex, addresses are zero-based data addresses whatever the profile writes, and the tables are \
            coil, discrete, holding and input. All words count as one answer, with scale registers, coherence groups \
            and what says whether a value counts, as in a real read. Signals whose words are not all given, with those \
            of the signals they need, are left out; if none is left, it ends with 1.

            Example: koppel decode --profile eastron/sdm630-v2 --words input:0=4366,8000
            """)

    @Option(help: ArgumentHelp("The profile, as vendor/model or path.", valueName: "profile"))
    var profile: String

    @Option(
        help: ArgumentHelp(
            "Words from an address on: input:0=4366,8000, or coil:0=1,0,1 for bits. Repeatable.",
            valueName: "table:start=words"),
        transform: { try GivenRun(parsing: $0) })
    var words: [GivenRun]

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    func run() async throws {
        CommandStart.begin()
        let points = try profiles.load(profile).profile.points
        var given: [RegisterTable: [UInt16: [UInt16]]] = [:]
        for run in words {
            // Of two runs with the same start the longer one says more.
            guard run.words.count > given[run.table]?[run.start]?.count ?? 0 else { continue }
            given[run.table, default: [:]][run.start] = run.words
        }
        let decoded = decodeAll(points: points, words: given)
        let bySignal = Dictionary(points.map { ($0.signal, $0) }, uniquingKeysWith: { first, _ in first })
        if json {
            try Streams.write(
                JSONDocument.text(
                    decoded.map {
                        SignalDocument(signal: $0.signal, unit: bySignal[$0.signal]?.unit, decoded: $0.decoded)
                    }))
        } else {
            var table = TextTable([.text("signal")] + SignalCells.columns)
            for (signal, decoded) in decoded {
                guard let point = bySignal[signal] else { continue }
                table.add([.init(signal.description)] + SignalCells.cells(decoded, point))
            }
            if !decoded.isEmpty { try Streams.write(table.rendered(.current())) }
        }
        guard !decoded.isEmpty else {
            Streams.complain("no signal of \(profile) lies wholly in these words. koppel profile show lists addresses")
            throw ExitStatus.no
        }
    }
}
