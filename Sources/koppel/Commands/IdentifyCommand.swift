internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// What registers mean, ranked against what a person sees on the display of the device.
struct IdentifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identify",
        abstract: "Finds out how a value lies in registers: type, byte and word order, base and scale.",
        discussion: """
            Look at the display of the device, give the band the value must lie in, and the address as the manual \
            writes it. Every way to read the words there is tried on several samples and ranked; the narrower the \
            band, the surer the result. Ways that give the same value share a rank. It proposes and changes nothing: \
            you decide. Ends with 1 if no way fits. Offline it takes words: decimal, or hex with 0x.

            Example: koppel identify --bus tcp://192.168.1.40:502 --unit 1 --address 30001 --expect 220..240
            """)

    @Option(
        help: ArgumentHelp(
            "tcp://HOST:PORT, rtu+tcp://HOST:PORT or rtu:/dev/...?baud=9600&format=8E1.", valueName: "url"))
    var bus: String?

    @Option(help: ArgumentHelp("The unit id of the device, 0 to 255.", valueName: "id"))
    var unit: UInt8?

    @Option(
        help: ArgumentHelp("The address as the manual writes it: 0, 1, 30001, 400001, 0x1000.", valueName: "number"))
    var address: GivenAddress?

    @Option(help: ArgumentHelp("The band the value lies in, for example 220..240.", valueName: "low..high"))
    var expect: ExpectedBand

    @Option(help: ArgumentHelp("What it measures, as a UCUM unit: V, A, kW, Cel.", valueName: "unit"))
    var measures: MeasuredUnit?

    @Option(help: ArgumentHelp("How often to look, 1 to 20, half a second apart.", valueName: "number"))
    var samples = 4

    @Option(help: ArgumentHelp("Words instead of a device, the first one at the address.", valueName: "words"))
    var words: GivenWords?

    @Option(help: ArgumentHelp("How many ways to show, 1 to 100.", valueName: "number"))
    var show = 8

    @Option(help: ArgumentHelp("How long an answer may take, in milliseconds, 10 to 60000.", valueName: "ms"))
    var timeout = 1_000

    @Flag(help: "Write one JSON document.")
    var json = false

    private var unitOfMeasure: UnitOfMeasure { measures?.unit ?? UnitOfMeasure.table[0] }

    func validate() throws {
        if words != nil {
            guard bus == nil, unit == nil else {
                throw ValidationError("Give either --words, or --bus with --unit and --address.")
            }
        } else if bus == nil || unit == nil || address == nil {
            throw ValidationError("Give --bus URL, --unit N and --address A, or --words.")
        }
        guard (1...20).contains(samples) else { throw ValidationError("--samples is 1 to 20.") }
        guard (1...100).contains(show) else { throw ValidationError("--show is 1 to 100.") }
        guard (10...60_000).contains(timeout) else { throw ValidationError("--timeout is 10 to 60000 milliseconds.") }
        if let address, AddressReading.all(of: address.number).isEmpty {
            throw ValidationError("\(address.number) is no address: 0 to 65535, 300001 to 365536 or 400001 to 465536.")
        }
    }

    func run() async throws {
        CommandStart.begin()
        let readings: [AddressReading]
        let found: [RegisterSample]
        if let words {
            // Where words come from is not known, so the address is as good as it was given.
            readings = [AddressReading.all(of: address?.number ?? 0)[0]]
            var sample = RegisterSample()
            sample.add(words.words, table: readings[0].table, from: readings[0].address)
            found = [sample]
        } else {
            readings = AddressReading.all(of: address?.number ?? 0)
            found = try await look(readings)
        }
        let matches = RegisterIdentification(samples: found, readings: readings, expected: expect.band).matches
        let shown = Array(matches.prefix(show))
        if json {
            try Streams.write(JSONDocument.text(shown.map { IdentifyText.document($0, unitOfMeasure) }))
        } else if let best = shown.first {
            try Streams.write(
                IdentifyText(matches: shown, total: matches.count, best: best, measures: unitOfMeasure)
                    .text(.current()))
        }
        guard !matches.isEmpty else {
            Streams.complain(
                "no way to read these words gives a value in \(expect). Check the address and the band; "
                    + "for an address from a manual try one more or less")
            throw ExitStatus.no
        }
    }

    private func look(_ readings: [AddressReading]) async throws -> [RegisterSample] {
        var options = try BusOptions.parse(["--bus", bus ?? ""])
        options.timeout = timeout
        let settings = try options.load(timeout: .milliseconds(timeout))
        let probe = try await RegisterProbe.opened(settings)
        var reader = WindowReader(probe: probe, unit: UnitID(unit ?? 0), readings: readings)
        var found: [RegisterSample] = []
        for number in 1...samples {
            // Cancelled means Ctrl-C, which ends the process.
            if number > 1 { try await ContinuousClock().sleep(for: .milliseconds(500)) }
            Progress.step("sample \(number) of \(samples)")
            let outcome = await reader.sample()
            Progress.endSteps()
            if outcome.sample.words.isEmpty {
                for failure in outcome.failures { Streams.complain(failure) }
                break
            }
            found.append(outcome.sample)
        }
        await probe.close()
        guard !found.isEmpty else { throw ExitStatus.no }
        return found
    }
}

/// The band of a value as the command line gives it: `220..240`, `-10..40`.
struct ExpectedBand: ExpressibleByArgument, CustomStringConvertible {
    var band: Band

    init?(argument: String) {
        guard let dots = argument.firstRange(of: "..") else { return nil }
        guard let low = Double(argument[..<dots.lowerBound]), let high = Double(argument[dots.upperBound...]),
            low.isFinite, high.isFinite, low <= high
        else { return nil }
        band = Band(low: low, high: high)
    }

    var description: String {
        "\(Value.double(band.low).plainText)..\(Value.double(band.high).plainText)"
    }
}

/// Words as the command line gives them: decimal, or hex with 0x. At most 125.
struct GivenWords: ExpressibleByArgument {
    var words: [UInt16]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let words = parts.compactMap { $0.hasPrefix("0x") ? UInt16($0.dropFirst(2), radix: 16) : UInt16($0) }
        guard words.count == parts.count, words.count <= 125 else { return nil }
        self.words = words
    }
}

/// A unit of measure as the command line gives it, by its UCUM code.
struct MeasuredUnit: ExpressibleByArgument {
    var unit: UnitOfMeasure

    init?(argument: String) {
        guard let unit = UnitOfMeasure(ucum: argument) else { return nil }
        self.unit = unit
    }
}
