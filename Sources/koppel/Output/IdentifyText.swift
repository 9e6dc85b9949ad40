internal import KoppelCore

/// What `koppel identify` found, for people: a table, a worked example of the best way, and a point to paste.
struct IdentifyText {
    let matches: [RegisterIdentification.Match]
    let total: Int
    let best: RegisterIdentification.Match
    let measures: UnitOfMeasure

    func text(_ style: TerminalStyle) -> String {
        var table = TextTable([
            .number("rank"), .text("table"), .number("address"), .text("manual says"), .text("type"), .text("order"),
            .text("scale"), .text("words"), .number("value"), .text("samples"),
        ])
        for match in matches {
            let point = Self.point(match)
            table.add([
                .init("\(match.rank)"), .init(point.table.name), .init("\(point.address)"),
                .init(match.candidate.reading.notation.rawValue), .init(point.typeText), .init(point.orderText),
                .init(point.scaleText), .init(PlainText.words(match.words, of: point.table)),
                .init(Self.value(match)),
                .init("\(match.hits) of \(match.values.count) fit", match.isInBandAlways ? .good : .warning),
            ])
        }
        var text = table.rendered(style)
        if total > matches.count { text += "and \(PlainText.count(total - matches.count, "way")) behind these\n" }
        text += "\n" + style.paint("Proposed:", .strong) + " \(Self.example(best))\n"
        let twins = matches.filter { $0.rank == best.rank }.count - 1
        if twins > 0 {
            text +=
                "\(PlainText.count(twins, "other way")) of the same rank "
                + "\(twins == 1 ? "gives" : "give") the same value on these words. "
                + "The manual decides, or a sample when the value is much larger or smaller.\n"
        }
        if let rival = matches.first(where: isShifted) {
            text +=
                "One register beside it \(Self.example(rival)) fits as well: between floats in a row each half finds "
                + "another. Compare the digits behind the point with the display, or identify the value beside it.\n"
        }
        return text + "Compare it with the display of the device. If you accept it, paste this into the profile:\n\n"
            + Self.yaml(best, measures)
    }

    /// True for a float that shares a register with the best one, which is a float too.
    private func isShifted(_ match: RegisterIdentification.Match) -> Bool {
        let (ours, theirs) = (best.candidate.reading, match.candidate.reading)
        return match.rank != best.rank && best.candidate.wire == .float32 && match.candidate.wire == .float32
            && best.candidate.exponent == 0 && match.candidate.exponent == 0 && match.isInBandAlways
            && ours.table == theirs.table && abs(Int(ours.address) - Int(theirs.address)) == 1
    }

    /// `words 4366 8000 as float32 ABCD = 230.5` (field rule P36).
    static func example(_ match: RegisterIdentification.Match) -> String {
        let point = point(match)
        let words = PlainText.words(match.words, of: point.table)
        let how = [point.typeText, point.orderText, point.scaleText].filter { !$0.isEmpty }.joined(separator: " ")
        return "\(match.words.count == 1 ? "word" : "words") \(words) of \(point.table.name) \(point.address) "
            + "as \(how) = \(value(match))"
    }

    /// A point of a profile with `addressing: zero-based`. Its signal and unit are for a person to say.
    static func yaml(_ match: RegisterIdentification.Match, _ measures: UnitOfMeasure) -> String {
        let point = point(match)
        let isInput = point.table == .inputRegister
        var lines = [
            "- signal: group/name              # what it is, for example electrical/voltage",
            "  label: {nl: naam, en: name}     # what people call it",
            "  entity: \(isInput ? "InputRegister" : "HoldingRegister")",
            "  address: \(point.address)".padded(to: 34) + "# in a profile with addressing: zero-based",
        ]
        switch point.wire {
        case .int8(let half), .uint8(let half):
            lines.append("  wireType: \(point.typeText.split(separator: " ")[0])")
            lines.append("  half: \(half == .high ? "high" : "low")")
        default:
            lines.append("  wireType: \(point.typeText)")
            lines.append("  order: \(point.orderText.isEmpty ? "AB" : point.orderText)")
        }
        if match.candidate.exponent != 0 {
            lines.append("  scale: \(Value.double(match.candidate.scale).plainText)")
        }
        lines += [
            "  kind: measurement", "  quantityKind: http://qudt.org/vocab/quantitykind/\(measures.typicalQuantityKind)",
            "  unit: {ucum: \"\(measures.ucum)\"}",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    struct Document: Encodable {
        var rank: Int
        var table: String
        var address: UInt16
        var notation: String
        var type: String
        var order: String
        var scale: Double
        var words: [UInt16]
        var values: [Double]
        var hits: Int
        var example: String
        var point: String
    }

    static func document(_ match: RegisterIdentification.Match, _ measures: UnitOfMeasure) -> Document {
        let point = point(match)
        return Document(
            rank: match.rank, table: point.table.name, address: point.address,
            notation: match.candidate.reading.notation.rawValue, type: point.typeText, order: point.orderText,
            scale: match.candidate.scale, words: match.words, values: match.values, hits: match.hits,
            example: example(match), point: yaml(match, measures))
    }

    private static func value(_ match: RegisterIdentification.Match) -> String {
        guard let value = match.values.first else { return "–" }
        // The digits a float32 really has.
        let isShort = match.candidate.wire == .float32 && match.candidate.exponent == 0
        return (isShort ? Value.float(Float(value)) : .double(value)).plainText
    }

    private static func point(_ match: RegisterIdentification.Match) -> Point {
        match.candidate.point(named: Self.name)
    }

    private static let name = SignalName.measured
}

extension SignalName {
    fileprivate static var measured: SignalName {
        guard let name = SignalName("measured/value") else { preconditionFailure("the name is valid") }
        return name
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
