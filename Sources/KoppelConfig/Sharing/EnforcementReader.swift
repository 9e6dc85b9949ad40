internal import KoppelCore

/// Reads the part of a sharing descriptor that the agent enforces.
struct EnforcementReader {
    static let keys = [
        "classes", "include", "exclude", "window", "functions", "minGoodFraction", "significantDigits", "delay",
        "pseudonymise", "recipientRetention", "maxMessagesPerHour", "validFrom", "validUntil", "onViolation",
    ]

    func read(_ field: Field) -> SharingPolicy.Enforcement? {
        guard let section = field.section(Self.keys) else { return nil }
        let classes = section.required("classes").flatMap { choices($0, SharingPolicy.TopicClass.self) }
        let include = section.required("include").flatMap { patterns($0, mayBeEmpty: false) }
        let exclude = section["exclude"].flatMap { patterns($0, mayBeEmpty: true) }
        let resolution = readResolution(section)
        let digits = section["significantDigits"]?.int(in: 1...17)
        let delay = section["delay"]?.period(in: .zero ... .seconds(31 * 86_400))
        let pseudonymise = section["pseudonymise"].flatMap { choices($0, SharingPolicy.Pseudonym.self) }
        let retention = section["recipientRetention"]?.period(in: .seconds(1) ... .seconds(3_153_600_000))
        let rate = section["maxMessagesPerHour"]?.int(in: 1...100_000)
        let from = section.required("validFrom")?.moment()
        let until = section.required("validUntil")?.moment()
        let violation = section.required("onViolation")?.choice(SharingPolicy.OnViolation.self)
        if let from, let until, from >= until { section["validUntil"]?.error("validUntil lies before validFrom") }
        guard let classes, let include, let from, let until, let violation, from < until else { return nil }
        return SharingPolicy.Enforcement(
            classes: classes, include: include, exclude: exclude ?? [], resolution: resolution,
            significantDigits: digits, delay: delay ?? .zero, pseudonymise: pseudonymise ?? [],
            recipientRetention: retention, maximumMessagesPerHour: rate, validFrom: from, validUntil: until,
            onViolation: violation)
    }

    private func readResolution(_ section: Section) -> SharingPolicy.Resolution? {
        guard let field = section["window"] else {
            for key in ["functions", "minGoodFraction"] { section[key]?.keyError("`\(key)` goes with a `window`") }
            return nil
        }
        let window = field.period(in: .seconds(1) ... .seconds(31 * 86_400))
        var functions: [SharingPolicy.Function] = []
        if let list = section.required("functions") {
            for item in list.list() ?? [] {
                guard let function = item.choice(SharingPolicy.Function.self) else { continue }
                if functions.contains(function) { item.error("`\(function.rawValue)` stands twice") }
                functions.append(function)
            }
            if functions.isEmpty { list.error("a window needs at least one figure") }
        }
        let fraction = section.required("minGoodFraction")?.number()
        if let fraction, !(0...1).contains(fraction) {
            section["minGoodFraction"]?.error("\(fraction) is outside 0 to 1")
            return nil
        }
        guard let window, let fraction, !functions.isEmpty else { return nil }
        return SharingPolicy.Resolution(window: window, functions: functions, minimumGoodFraction: fraction)
    }

    private func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
        _ field: Field, _ type: Choice.Type
    ) -> Set<Choice>? {
        guard let items = field.list() else { return nil }
        var result: Set<Choice> = []
        for item in items {
            guard let choice = item.choice(type) else { continue }
            if !result.insert(choice).inserted { item.error("`\(choice.rawValue)` stands twice") }
        }
        return result
    }

    private func patterns(_ field: Field, mayBeEmpty: Bool) -> [SignalPattern]? {
        guard let items = field.list() else { return nil }
        if items.isEmpty, !mayBeEmpty { field.error("nothing is shared unless it is named") }
        return items.compactMap { item in
            guard let text = item.string() else { return nil }
            let pattern = SignalPattern(text)
            if pattern == nil {
                item.error(
                    "`\(text)` names no signals", hint: "Write group/name; a * stands for any letters and digits.")
            }
            return pattern
        }
    }
}

extension Field {
    /// A duration as ISO 8601 writes it.
    fileprivate func period(in range: ClosedRange<Duration>) -> Duration? {
        guard let text = string() else { return nil }
        guard let duration = Duration(iso8601: text) else {
            error("`\(text)` is no duration of ISO 8601", hint: "For example PT15M for 15 minutes or P90D for 90 days.")
            return nil
        }
        guard range.contains(duration) else {
            error("\(text) is outside \(range.lowerBound.iso8601) to \(range.upperBound.iso8601)")
            return nil
        }
        return duration
    }

    /// A moment in UTC.
    fileprivate func moment() -> Timestamp? {
        guard let text = string() else { return nil }
        guard let moment = Timestamp(utc: text) else {
            error("`\(text)` is no moment in UTC", hint: "For example 2027-03-01T00:00:00.000000000Z.")
            return nil
        }
        return moment
    }
}
