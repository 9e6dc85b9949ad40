internal import KoppelCore

/// The keys of a point that say how its value lies in registers, beside `wireType`.
enum WireShape {
    /// The keys that belong to some wire types only.
    static let keys = [
        optional("bit", "For bit: 0 is the least significant bit, 15 the most significant.", .integer(0...15)),
        optional("bits", "For bits: the lowest bit and how many.", .section(span)),
        optional("half", "For int8 and uint8: the half of the register. Default low.", .choice(["high", "low"])),
        optional("length", "For string: how many registers, 1 to 125.", .integer(1...125)),
        optional(
            "layout", "For string: how characters lie in registers. Default high-byte-first.",
            .choice(WireTypeReader.layouts)),
    ]

    static let span = SectionShape([
        required("lsb", "The lowest bit: 0 is the least significant.", .integer(0...15)),
        required("width", "How many bits.", .integer(1...16)),
    ])

    static let order = optional(
        "order", "Byte and word order in letters, of which A is the most significant byte.", .choice(letters(of: names))
    )

    /// What stands in `defaults` of a profile too.
    static let switches = SectionShape([
        optional(
            "mostSignificantByte", "false: the first byte of a register is the least significant. Default true.", .flag),
        optional(
            "mostSignificantWord",
            "false: the first register of a wide value is the least significant. Default true.", .flag),
    ])

    static let rules: [SectionRule] = keyRules + orderRules

    private static let names = WireTypeReader.names

    private static let keyRules: [SectionRule] =
        keys.map { key in
            .when(
                .holds("wireType", names.filter { !WireTypeReader.fittingKeys($0).contains(key.name) }),
                then: .excludes([key.name]))
        }
        + [("bit", "bit"), ("bits", "bits"), ("string", "length")].map { type, key in
            .when(.holds("wireType", [type]), then: .needs([key]))
        }

    private static let orderRules: [SectionRule] =
        [.when(.has("order"), then: .excludes(switches.names))]
        + Dictionary(grouping: names, by: letters).sorted { $0.key.count < $1.key.count }.map { letters, types in
            .when(
                .holds("wireType", types),
                then: letters.isEmpty ? .excludes(["order"]) : .narrows("order", .choice(letters)))
        }

    /// The orders a value of a wire type can have.
    private static func letters(of name: String) -> [String] {
        guard name != "string" else { return [] }
        let registers = name.hasSuffix("64") ? 4 : name.hasSuffix("32") ? 2 : 1
        return ByteOrderReader.orders(registers: registers).map(\.letters)
    }

    private static func letters(of names: [String]) -> [String] {
        names.flatMap { letters(of: $0) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
