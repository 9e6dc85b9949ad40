internal import KoppelCore

/// Every key of a vectors file.
enum VectorsShape {
    static let file = SectionShape([
        required("profile", "The id of the profile beside this file, as its `profile:` says.", .identifier),
        required(
            "vectors", "Words as the device sends them, and the values they must give.", .list(of: .section(vector))),
    ])

    static let vector = SectionShape([
        required("name", "What the device does in it, in a few words.", .text()),
        required("words", "For each table, from the zero-based data address to the words there.", .section(words)),
        required(
            "expect", "What each signal must say.",
            .entries(pattern: ValueShape.signalPattern, of: .section(expectation))),
    ])

    static let words = SectionShape(
        RegisterTable.allCases.map { table in
            optional(
                table.name,
                table.isBits
                    ? "The \(table.entity) bits: data address to list of 0 and 1."
                    : "The \(table.entity) words: data address to list of words, for example {0: [0x4366, 0x8000]}.",
                .entries(
                    pattern: ValueShape.writtenInteger,
                    of: .list(of: .integer(0...(table.isBits ? 1 : 0xFFFF)))))
        })

    static let expectation = SectionShape(
        [
            required(
                "value", "The value after scaling: a number, a text, true or false; null for a bad one.",
                .scalar(orNothing: true)),
            optional("unit", "The unit it must have.", .choice(UnitOfMeasure.table.map(\.ucum))),
            optional("quality", "Default good.", .choice([Quality.good, .uncertain, .bad].map(\.name))),
            optional("reason", "Why it is not good.", .choice(reasons)),
        ],
        rules: [
            .when(.holds("quality", [Quality.bad.name]), then: .narrows("value", .nothing)),
            .when(.holdsNot("quality", [Quality.bad.name]), then: .narrows("value", .scalar(orNothing: false))),
        ])

    /// Each reason a reading can have, once.
    static let reasons = Set(Condition.allCases.compactMap(\.reason)).sorted()
}
