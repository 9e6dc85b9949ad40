internal import KoppelCore

extension Field {
    /// A duration with its unit: `250ms`, `1s`, `15min`, `2h`, `30d`.
    ///
    /// Exactly zero is allowed beside the range where `meaning` says what it stands for.
    func duration(in range: ClosedRange<Duration>, zeroMeans meaning: String? = nil) -> Duration? {
        let example = "Write it with its unit: 250ms, 1s, 15min, 2h or 30d."
        guard let text = scalarText, let (number, unit) = quantity(text) else {
            return wrongKind(expected: "a duration", hint: example)
        }
        let nanoseconds: Double
        switch unit {
        case "ms": nanoseconds = 1e6
        case "s": nanoseconds = 1e9
        case "min": nanoseconds = 60e9
        case "h": nanoseconds = 3_600e9
        case "d": nanoseconds = 86_400e9
        case "":
            error("a duration without a unit: `\(text)`", hint: example)
            return nil
        default:
            error("`\(unit)` is no unit of time", hint: unit == "m" ? "Minutes are `min`, milliseconds `ms`." : example)
            return nil
        }
        guard number * nanoseconds < 9e18 else { return outside(text, "\(range.upperBound)") }
        let duration = Duration.nanoseconds(Int64((number * nanoseconds).rounded()))
        guard range.contains(duration) || (meaning != nil && number == 0) else {
            error(
                "\(text) is outside \(plain(range.lowerBound)) to \(plain(range.upperBound))",
                hint: meaning.map { "0s means \($0)." })
            return nil
        }
        return duration
    }

    /// A size in bytes with its unit: `64KiB`, `2GiB`, `10MB`.
    func size(in range: ClosedRange<Int>) -> Int? {
        size(in: range, of: scalarText, suffix: "")
    }

    private func size(in range: ClosedRange<Int>, of text: String?, suffix: String) -> Int? {
        let example =
            suffix.isEmpty
            ? "Write it with its unit: 64KiB, 200MiB, 2GiB, or 10MB for millions."
            : "Write it with its unit: 20kB/s, 500KiB/s or 2MB/s."
        guard let text, let (number, unit) = quantity(text) else {
            return wrongKind(expected: suffix.isEmpty ? "a size" : "a rate", hint: example)
        }
        let units: [String: Double] = [
            "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
            "KiB": 1_024, "MiB": 1_048_576, "GiB": 1_073_741_824, "TiB": 1_099_511_627_776,
        ]
        guard !unit.isEmpty else {
            error("a size without a unit: `\(text)`", hint: example)
            return nil
        }
        guard let factor = units[unit] else {
            error("`\(unit)` is no unit of size", hint: example)
            return nil
        }
        let bytes = (number * factor).rounded()
        guard bytes >= Double(range.lowerBound), bytes <= Double(range.upperBound) else {
            error("\(text)\(suffix) is outside \(range.lowerBound) to \(range.upperBound) bytes\(suffix)")
            return nil
        }
        return Int(bytes)
    }

    /// Bytes per second with their unit: `20kB/s`.
    func rate(in range: ClosedRange<Int>) -> Int? {
        guard let text = scalarText, text.hasSuffix("/s") else {
            return wrongKind(expected: "a rate", hint: "Write it with its unit: 20kB/s, 500KiB/s or 2MB/s.")
        }
        return size(in: range, of: String(text.dropLast(2)), suffix: "/s")
    }

    /// A part of a whole with its sign: `10%`.
    func percentage(in range: ClosedRange<Double>) -> Double? {
        guard let text = scalarText, let (number, unit) = quantity(text), unit == "%" else {
            return wrongKind(expected: "a percentage", hint: "Write it with its sign, for example 10%.")
        }
        guard range.contains(number) else {
            error("\(text) is outside \(range.lowerBound)% to \(range.upperBound)%")
            return nil
        }
        return number
    }

    /// An id that may stand in a topic.
    func identifier() -> Identifier? {
        guard let text = string() else { return nil }
        guard let identifier = Identifier(text) else {
            error("`\(text)` is no id", hint: Field.idHint)
            return nil
        }
        return identifier
    }

    /// The key of this value as an id; the issue points at the key.
    func keyIdentifier(_ key: String) -> Identifier? {
        guard let identifier = Identifier(key) else {
            keyError("`\(key)` is no id", hint: Field.idHint)
            return nil
        }
        return identifier
    }

    /// An IRI: a scheme, a colon and what follows, without spaces.
    func iri(example: String) -> String? {
        guard let text = string() else { return nil }
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, !text.contains(where: \.isWhitespace),
            text.index(after: colon) != text.endIndex
        else {
            error("`\(text)` is no IRI", hint: "For example \(example)")
            return nil
        }
        return text
    }

    /// A signal's name.
    func signalName() -> SignalName? {
        guard let text = string() else { return nil }
        guard let name = SignalName(text) else {
            error(
                "`\(text)` is no signal name",
                hint: "Write group/name, each part 1 to 32 of a-z, 0-9 and -, starting with a letter or digit.")
            return nil
        }
        return name
    }

    /// A text in several languages, or one text for all.
    func localizedText() -> LocalizedText? {
        guard isMapping, let entries = entries() else {
            guard let text = string() else { return nil }
            return ["nl": text, "en": text]
        }
        var result: LocalizedText = [:]
        for (language, value) in entries {
            let isTag = (2...3).contains(language.utf8.count) && language.allSatisfy { ("a"..."z").contains($0) }
            guard isTag else {
                value.keyError("`\(language)` is no language", hint: "Use two letters, for example nl or en.")
                continue
            }
            if let text = value.string() { result[language] = text }
        }
        return result
    }

    /// A band `{low, high}`.
    func band() -> Band? {
        guard let section = section(SiteShape.band) else { return nil }
        let low = section.required("low")?.number()
        let high = section.required("high")?.number()
        guard let low, let high else { return nil }
        guard low <= high else {
            error("low (\(low)) lies above high (\(high))")
            return nil
        }
        return Band(low: low, high: high)
    }

    static let idHint = "Use 1 to 32 of a-z, 0-9 and -, starting with a letter or digit."

    private func outside(_ text: String, _ limit: String) -> Duration? {
        error("\(text) is too long", hint: "At most \(limit).")
        return nil
    }
}

/// Number and unit of `15min`; the unit is empty for a bare number.
private func quantity(_ text: String) -> (Double, String)? {
    let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let number = Double(digits), digits.last != "." else { return nil }
    return (number, String(text.dropFirst(digits.count).drop { $0 == " " }))
}

/// A duration the way a file writes it.
func plain(_ duration: Duration) -> String {
    let milliseconds = duration.wholeNanoseconds / 1_000_000
    switch milliseconds {
    case 0: return "0s"
    case let count where count % 86_400_000 == 0: return "\(count / 86_400_000)d"
    case let count where count % 3_600_000 == 0: return "\(count / 3_600_000)h"
    case let count where count % 60_000 == 0: return "\(count / 60_000)min"
    case let count where count % 1_000 == 0: return "\(count / 1_000)s"
    default: return "\(milliseconds)ms"
    }
}
