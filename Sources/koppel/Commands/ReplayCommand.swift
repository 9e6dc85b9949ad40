internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelCore

/// A recorded bus, read again without it.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Reads a recorded bus again, and shows what the agent makes of each answer.",
        discussion: """
            Takes what `koppel record` wrote, or a text in that form. Nothing is contacted, and the same record always \
            gives the same result. Ends with 1 if a question got no usable answer.

            Example: koppel replay meters.txt --unit 1 --profile eastron/sdm630-v2
            """)

    @Argument(help: ArgumentHelp("The record.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("What the registers of the unit mean, as vendor/model or path.", valueName: "profile"))
    var profile: String

    @Option(help: "The unit that has this profile; may be left out if only one was asked.")
    var unit: UInt8?

    @OptionGroup var profiles: ProfileOptions

    /// The most that is read of a file.
    private static let longestFile = 256 << 20

    func run() async throws {
        CommandStart.begin()
        let profile = try profiles.load(profile).profile
        let replay = try load(profile)
        guard let unit = unit.map({ UnitID($0) }) ?? (replay.units.count == 1 ? replay.units.first : nil) else {
            let known = replay.units.map { "\($0.rawValue)" }.joined(separator: ", ")
            Streams.complain("\(file) has units \(known.isEmpty ? "none" : known): choose one with --unit")
            throw ExitStatus.no
        }
        let lines = await replay.lines(unit: unit)
        let style = TerminalStyle.current()
        var table = TextTable(
            [.text("time"), .text("request"), .text("signal"), .text("words")] + SignalCells.columns + [
                .number("response")
            ])
        var failed = 0
        for line in lines {
            if line.failure != nil { failed += 1 }
            for (index, signal) in line.signals.enumerated() {
                table.add(
                    [
                        .init(index == 0 ? String(line.sent.plainText.dropFirst(11).dropLast()) : ""),
                        .init(index == 0 ? line.request.rangeText : ""), .init(signal.point.signal.description),
                        .init(PlainText.words(signal.words, of: signal.point.table)),
                    ] + SignalCells.cells(signal.decoded, signal.point) + [.init(line.elapsed?.plainText ?? "–")])
            }
        }
        try Streams.write(style.paint(DisplayWidth.harmless(replay.title), .strong) + "\n" + table.rendered(style))
        for line in lines {
            guard let failure = line.failure else { continue }
            Streams.tell(DisplayWidth.harmless("\(line.sent.plainText.dropFirst(11).dropLast()) \(failure)"))
        }
        if profile.layout != nil, lines.allSatisfy(\.signals.isEmpty) {
            Streams.tell(
                "The record does not hold the questions where the SunSpec models are, which the agent asks when it begins."
            )
        }
        Streams.tell(
            "\(PlainText.count(lines.count, "question")) to unit \(unit.rawValue), \(failed) without a usable answer")
        if failed > 0 || lines.isEmpty { throw ExitStatus.no }
    }

    private func load(_ profile: DeviceProfile) throws -> TranscriptReplay {
        let text: String
        do {
            let size = try URL(fileURLWithPath: file).resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            guard size <= Self.longestFile else {
                Streams.complain("\(file) is larger than \(PlainText.bytes(Double(Self.longestFile)))")
                throw ExitStatus.inputOutput
            }
            text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        } catch let error as ExitCode {
            throw error
        } catch {
            Streams.complain("\(file) cannot be read: is it there, and is it yours?")
            throw ExitStatus.inputOutput
        }
        do throws(TranscriptReplay.Failure) {
            return try TranscriptReplay(text: text, profile: profile)
        } catch {
            Streams.complain("\(file):\(error.line): \(error.sentence)")
            throw ExitStatus.configuration
        }
    }
}

extension ReadRequest {
    /// `holding 0 to 11`
    var rangeText: String {
        count == 1 ? "\(table.name) \(start)" : "\(table.name) \(start) to \(Int(start) + Int(count) - 1)"
    }
}
