internal import KoppelCore

/// Every key of a point: where a signal lies in the registers and what it means.
enum PointShape {
    static let point = SectionShape(placeKeys + meaningKeys, rules: placeRules + meaningRules)

    // MARK: Where the value lies

    private static let placeKeys =
        [
            required(
                "signal", "Its name, group/name: each part a-z, 0-9 and hyphen, at most 32 characters.", .signalName),
            optional(
                "entity",
                "The table: HoldingRegister (4xxxx, function 03), InputRegister (3xxxx, 04), Coil (0xxxx, 01) or"
                    + " DiscreteInput (1xxxx, 02).",
                ProfileShape.entity),
            optional(
                "address", "The address of its first register, in the notation of `addressing`.", ProfileShape.address),
            optional(
                "sunspec", "In place of entity and address: the place in a SunSpec model.",
                .section(ProfileShape.place)),
            required("wireType", "How the value lies in the registers.", .choice(WireTypeReader.names)),
        ] + WireShape.keys + [WireShape.order] + WireShape.switches.keys + [
            optional("scale", "value = raw x scale + offset. Default 1.", .factor),
            optional("offset", "value = raw x scale + offset. Default 0.", .number),
            optional(
                "scaleRegister", "The signal whose value is the power of ten; both are read in one request.",
                .signalName),
            optional("sentinels", "Raw patterns that are no value.", .list(of: .section(sentinel))),
            optional(
                "validWhen",
                "When the value counts, as other signals of the same request say: a condition, or a list of up to 4 that"
                    + " must all hold.",
                .either([
                    .section(condition), .list(of: .section(condition), count: 1...ValidityReader.maximumConditions),
                ])),
            optional("group", "Points of one group are read in one request.", .identifier),
            optional("publish", "false for a helper, such as a scale register. Default true.", .flag),
        ]

    static let sentinel = SectionShape([
        required(
            "raw",
            "0x and hexadecimal digits, in quotes, or NaN. For a part of a register four digits are the whole register.",
            .text(pattern: "^(0x[0-9A-Fa-f]+|NaN)$", examples: ["0x8000", "0xFFFF", "NaN"])),
        required("means", "What it means.", .choice(Sentinel.Meaning.self)),
    ])

    static let condition = SectionShape([
        required(
            "signal", "The signal that says it: a whole number or a bit, read in the same request.", .signalName),
        required(
            "is", "The number at which the value counts, or a list of them. A bit is 0 or 1.",
            .either([number, .list(of: number, count: 1...ValidityReader.maximumNumbers)])),
        required(
            "otherwise", "What any other number means, or what each other number means.",
            .either([
                .choice(Sentinel.Meaning.self),
                .entries(pattern: ValueShape.numberPattern, of: .choice(Sentinel.Meaning.self)),
            ])),
    ])

    /// A number of a status. A bit may be a truth.
    private static let number = ValueShape.either([.integer(.min ... .max), .flag])

    private static let placeRules: [SectionRule] =
        [
            .when(.lacks("sunspec"), then: .needs(["entity", "address"])),
            .when(.has("sunspec"), then: .excludes(["entity", "address"])),
            .when(
                .holds("entity", RegisterTable.allCases.filter(\.isBits).map(\.entity)),
                then: .narrows("wireType", .choice(["bool"]))),
        ] + WireShape.rules

    // MARK: What the value means

    private static let meaningKeys = [
        optional("label", "What people see, in Dutch and English.", .localizedText),
        required(
            "kind",
            "measurement: needs unit and quantityKind. counter: what only rises. state: a number or bit with names."
                + " event: a number that claims nothing. setpoint: what the device was told. text: a string.",
            .choice(SignalKind.self)),
        optional(
            "quantityKind", "What is measured: a QUDT quantity kind.",
            .text(
                pattern: "^" + MeaningReader.quantityKinds.replacing(".", with: "\\.") + "[A-Za-z0-9]+$",
                examples: knownQuantityKinds)),
        optional("unit", "The unit of the value, after scaling.", .section(unit)),
        optional(
            "semanticId", "Further meaning, as IRI: QUDT, ECLASS, IEC CDD, your own.",
            .oneOrList(.text(pattern: "^[^:\\s]+:\\S+$"))),
        optional(
            "mtconnect", "The MTConnect type, for example VOLTAGE_AC.",
            .text(pattern: "^[A-Z][A-Z0-9_]*(/[A-Z][A-Z0-9_]*)?$")),
        optional("range", "The working band; outside it a reading is uncertain.", .section(SiteShape.band)),
        optional(
            "limits", "The physically possible band; outside it a reading is bad.", .section(SiteShape.band)),
        optional(
            "enum", "Number to name. Quote \"on\", \"off\", \"yes\" and \"no\".",
            .entries(pattern: ValueShape.numberPattern, of: .text())),
        optional("counter", "How a counter counts.", .section(counter)),
        optional("sampling", "How often it is read, and when a reading is stored.", .section(sampling)),
    ]

    /// The keys that a kind of signal cannot do without.
    static func needed(by kind: SignalKind) -> [String] {
        switch kind {
        case .measurement: ["unit", "quantityKind"]
        case .counter: ["unit", "counter"]
        case .state: ["enum"]
        case .event, .setpoint, .text: []
        }
    }

    private static let meaningRules: [SectionRule] =
        SignalKind.allCases.filter { !needed(by: $0).isEmpty }.map {
            .when(.holds("kind", [$0.rawValue]), then: .needs(needed(by: $0)))
        } + [
            .when(
                .holds("kind", SignalKind.allCases.filter { $0 != .counter }.map(\.rawValue)),
                then: .excludes(["counter"])),
            .when(
                .holds("wireType", ["string"]),
                then: .narrows("kind", .choice([SignalKind.text, .event].map(\.rawValue)))),
            .when(.holds("kind", ["text"]), .lacks("enum"), then: .narrows("wireType", .choice(["string"]))),
        ]

    /// Those of the unit table, which an editor offers. Any other one is taken too.
    private static let knownQuantityKinds = Set(UnitOfMeasure.table.map(\.typicalQuantityKind)).sorted()
        .map { MeaningReader.quantityKinds + $0 }

    static let unit = SectionShape([
        required(
            "ucum", "A code of the unit table in Devices/README.md.", .choice(UnitOfMeasure.table.map(\.ucum))),
        optional("unece", "Follows from ucum and may be left out.", .choice(UnitOfMeasure.table.compactMap(\.unece))),
        optional(
            "qudt", "Follows from ucum and may be left out.",
            .choice(UnitOfMeasure.table.map { MeaningReader.qudtUnits + $0.qudt })),
    ])

    static let counter = SectionShape([
        optional(
            "modulus", "The number of distinct values before it starts again at 0, for example 65536; null if unknown.",
            .either([.integer(2...Int.max), .nothing])),
        required("reset", "When it goes back to 0 besides.", .choice(CounterRule.Reset.self)),
        required(
            "maxRatePerSecond", "The highest rate that is plausible, in the signal's unit per second.",
            .numberFrom(0, excluding: true)),
        optional("counts", "What it counts.", .choice(CounterRule.Counts.self)),
    ])

    static let sampling = SectionShape([
        optional("intervalMs", "How often it is read, in milliseconds.", ProfileShape.milliseconds(from: 10)),
        optional("staleAfterMs", "From this age on a value is doubted.", ProfileShape.milliseconds(from: 10)),
        optional("badAfterMs", "From this age on a value is bad.", ProfileShape.milliseconds(from: 10)),
        optional(
            "deadband", "A change up to this much, in the signal's unit, is not stored. Default 0.", .numberFrom(0)),
        optional("everyReading", "true: store each reading, also when nothing changed.", .flag),
        optional(
            "heartbeatMs", "Store at least this often even when nothing changed. Default 60000.",
            ProfileShape.milliseconds(from: 10)),
        optional(
            "frozenAfterMs", "A value that has not moved for this long is doubted.",
            ProfileShape.milliseconds(from: 10)),
        optional(
            "maxChangePerSecond", "A faster change, in the signal's unit per second, is doubted.",
            .numberFrom(0, excluding: true)),
    ])
}
