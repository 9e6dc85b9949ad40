internal import KoppelCore

/// Every key of a device profile, but for those of its points (``PointShape``) and rules (``StateShape``).
enum ProfileShape {
    static let profile = SectionShape(keys, rules: rules)

    private static let keys = [
        required("profile", "The id of the profile: vendor-model, a-z, 0-9 and hyphen, at most 32.", .identifier),
        required(
            "version", "Three numbers, for example 1.0.0. Raise the first one when a signal changes name or meaning.",
            .text(pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$", examples: ["1.0.0"])),
        required("manufacturer", "The manufacturer, as on the nameplate.", .text()),
        required("model", "The model, as on the nameplate.", .text()),
        required("protocol", "The protocol: modbus.", .choice(["modbus"])),
        required(
            "addressing",
            "How the manual counts. modicon: 30001 and 40001. one-based: the table starts at 1. zero-based: at 0.",
            .choice(AddressNotation.self)),
        optional("confidence", "How sure the profile is, and what was verified.", .section(confidence)),
        optional("sources", "Documents and programs the facts come from.", .list(of: .text())),
        optional("defaults", "What holds for points that say nothing else.", .section(defaults)),
        optional("limits", "What one request may ask of the device.", .section(limits)),
        optional("sunspec", "The SunSpec models in which points lie.", .section(sunspec)),
        required(
            "points", "Which registers hold which signals.",
            .list(of: .section(PointShape.point), count: 1...ProfileReader.maximumPoints)),
        optional("state", "How the state of the machine is known.", StateShape.state),
        optional("alarms", "When a signal means an alarm.", .list(of: .section(StateShape.alarm))),
    ]

    /// What the head of a profile asks of its points.
    private static let rules: [SectionRule] =
        [.when(.lacks("sunspec"), then: .ofEach("points", [.always(.excludes(["sunspec"]))]))]
        + AddressNotation.allCases.map { notation in
            .when(
                .holds("addressing", [notation.rawValue]),
                then: .ofEach(
                    "points",
                    RegisterTable.allCases.map { table in
                        .when(
                            .holds("entity", [table.entity]),
                            then: .narrows("address", .either(notation.numbers(of: table).map { .integer($0) })))
                    }))
        }

    static let confidence = SectionShape([
        required("level", "How sure the facts are.", .choice(DeviceProfile.Confidence.self)),
        optional("verified", "What was checked, and against what.", .text()),
    ])

    static let defaults =
        WireShape.switches
        + SectionShape([
            optional(
                "timeoutMs", "How long an answer may take at most, in milliseconds. Default: that of the bus.",
                milliseconds(from: 1)),
            optional("intervalMs", "How often a point is read, in milliseconds. Default 1000.", milliseconds(from: 10)),
            optional(
                "pauseMs", "Silence before a request to this device, in milliseconds. Default: that of the bus.",
                milliseconds(from: 0)),
        ])

    static func milliseconds(from least: Int) -> ValueShape { .integer(least...Field.mostMilliseconds) }

    // MARK: Limits

    static let limits = SectionShape([
        optional("registersPerRequest", "The most registers one request may ask for. Default 125.", .integer(1...125)),
        optional(
            "bitsPerRequest", "The most coils or discrete inputs one request may ask for. Default 2000.",
            .integer(1...2_000)),
        optional("evenAlignment", "true: start and count of a request must be even.", .flag),
        optional(
            "gaps",
            "Unlisted addresses that the device answers, so that one request may run across them. Default none.",
            .either([.choice(["none", "all"]), .list(of: .section(gap))])),
        optional("startAt", "Where alone a read may begin. Default: anywhere.", .list(of: .section(starts))),
    ])

    static let gap = SectionShape([
        required("entity", "The table.", entity),
        required("from", "The first address, in the notation of `addressing`.", address),
        required("to", "The last address, in the notation of `addressing`.", address),
    ])

    static let starts = SectionShape([
        required("entity", "The table.", entity),
        required(
            "addresses", "The addresses, in the notation of `addressing`.", .list(of: address, count: 1...Int.max)),
    ])

    /// One of the four tables.
    static let entity = ValueShape.choice(RegisterTable.allCases.map(\.entity))

    /// An address in any notation: 465536 is the last holding register with six digits.
    static let address = ValueShape.integer(0...465_536)

    // MARK: SunSpec

    static let sunspec = SectionShape([
        optional("base", "Where the example has the marker SunS. Default 40000.", .integer(0...65_000)),
        required(
            "models", "The models in the order of the example, model 1 first.",
            .list(of: .section(model), count: 1...ModelLayoutReader.maximumModels)),
    ])

    static let model = SectionShape([
        required("id", "The number of the model.", modelID),
        required(
            "length", "What the standard calls L: the registers behind id and length.", .integer(1...65_000)),
        optional("or", "Other models of the same layout, which serve as well.", .list(of: modelID)),
        optional("optional", "true: a device may lack it.", .flag),
    ])

    static let modelID = ValueShape.integer(1...65_534)

    /// Where a point lies in a model.
    static let place = SectionShape([
        required("model", "The first number of the model in the profile.", modelID),
        required(
            "offset", "The register in the model: its id is 0, its length 1, its first value 2.", .integer(0...65_000)),
    ])
}
