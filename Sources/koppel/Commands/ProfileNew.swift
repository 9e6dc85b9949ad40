internal import ArgumentParser
internal import Foundation
internal import KoppelConfig
internal import KoppelCore

struct ProfileNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Asks the few questions a first profile needs, and writes it with an empty vectors file.",
        discussion: """
            Have the manual with its table of registers at hand. Answers can also come from a file or a pipe, one in \
            each line; an empty line takes what stands in brackets. Add the rest in an editor: Devices/README.md \
            tells what there is.

            Example: koppel profile new --output acme-m1.yaml
            """)

    @Option(
        help: ArgumentHelp(
            "The file to write; vectors go beside it. Default: MANUFACTURER-MODEL.yaml.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Take the answers from this file, one in each line.", valueName: "file"))
    var answers: String?

    @Flag(help: "Replace files that are there.")
    var force = false

    func run() async throws {
        CommandStart.begin()
        var questions = ProfileQuestions(try dialogue())
        let profile = try questions.profile()
        let path = output ?? "\(profile.id).yaml"
        let stem = path.hasSuffix(".yaml") ? String(path.dropLast(5)) : path
        let file = ProfileFile(
            profile: profile, verified: "from the manual; not tried on a device",
            comments: ["Made with koppel profile new. Try it on a device, write vectors, then raise the confidence."])
        let vectors = stem + ".vectors.yaml"
        try ProfileFiles.write(file.text, to: path, replacing: force)
        try ProfileFiles.write(
            vectorsSkeleton(for: profile, profilePath: path), to: vectors, replacing: force)
        var check = ProfileFilesCheck(files: DiskFiles())
        check.check(path)
        try Streams.write(check.issues.rendered(.current()) + next(path, vectors, profile))
        if check.issues.errors > 0 { throw ExitStatus.no }
    }

    private func next(_ path: String, _ vectors: String, _ profile: DeviceProfile) -> String {
        let address = profile.points.first.map { "\($0.address)" } ?? "0"
        return """
            Written: \(path) with \(PlainText.count(profile.points.count, "point")), and \(vectors)
            Next:
              koppel read --bus tcp://HOST:502 --unit 1 --profile \(path) --raw      compare with the display
              koppel identify --bus tcp://HOST:502 --unit 1 --address \(address) --expect LOW..HIGH   if a value is wrong
              koppel profile check \(path)      after you have written the vectors

            """
    }

    private func dialogue() throws -> Dialogue {
        guard let answers else {
            if Dialogue.hasTerminal { return .terminal }
            return Dialogue(isPatient: false, show: { _ in }, next: { Swift.readLine() })
        }
        do throws(FileFault) {
            let bytes = try DiskFiles().read(answers, limit: 1 << 20)
            return Dialogue(answers: String(decoding: bytes, as: UTF8.self))
        } catch {
            Streams.complain("\(answers) cannot be read: \(error)")
            throw ExitStatus.inputOutput
        }
    }
}
