internal import KoppelCore

/// A profile for people.
struct ProfileText {
    let loaded: LoadedProfile
    /// `nl` or `en`; a label in another language stands in if there is none in this one.
    let language: String

    private var profile: DeviceProfile { loaded.profile }

    func rendered(_ style: TerminalStyle) -> String {
        let title = "\(profile.manufacturer) \(profile.model) (\(profile.id) \(profile.version))"
        return [
            style.paint(DisplayWidth.harmless(title), .strong) + "\n", facts(style), points(style), validity(style),
            state(style), alarms(style),
        ].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func facts(_ style: TerminalStyle) -> String {
        let limits = profile.limits
        var lines = [
            "file         \(loaded.path)",
            "confidence   \(profile.confidence?.rawValue ?? "not stated")",
        ]
        if let verified = profile.verified { lines.append("verified     \(verified)") }
        lines += profile.sources.map { "source       \($0)" }
        lines.append(
            "limits       \(limits.registersPerRequest) registers or \(limits.bitsPerRequest) bits a request"
                + (limits.evenAlignment ? ", even starts and counts" : ""))
        for (table, starts) in limits.startAddresses.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append("begins at    \(table.name) \(starts.map(String.init).joined(separator: ", "))")
        }
        lines.append("gaps         \(gaps(limits))")
        if let layout = profile.layout {
            lines.append("SunSpec      \(models(layout))")
            lines.append(
                "             The device is asked where they lie; the addresses below are those of an example.")
        }
        lines.append(
            "timing       every \(profile.interval.plainText)"
                + (profile.timing.responseTimeout.map { ", answer within \($0.plainText)" } ?? "")
                + (profile.timing.pauseBeforeRequest.map { ", \($0.plainText) of silence before a request" } ?? ""))
        return lines.map { DisplayWidth.harmless($0) + "\n" }.joined()
    }

    private func models(_ layout: ModelLayout) -> String {
        layout.models.map { model in
            let others = model.ids.dropFirst().map(String.init).joined(separator: " or ")
            return "model \(model.ids.first ?? 0)" + (others.isEmpty ? "" : " or \(others)")
                + (model.isOptional ? " if there is one" : "")
        }.joined(separator: ", ")
    }

    private func gaps(_ limits: UnitLimits) -> String {
        if limits.allGapsReadable { return "all addresses can be read" }
        guard !limits.readableGaps.isEmpty else { return "none is known to be readable" }
        return limits.readableGaps
            .map { "\($0.table.name) \($0.addresses.lowerBound) to \($0.addresses.upperBound)" }
            .joined(separator: ", ")
    }

    private func points(_ style: TerminalStyle) -> String {
        var table = TextTable([
            .text("signal"), .text("label"), .text("table"), .number("address"), .text("type"), .text("order"),
            .text("scale"), .text("unit"), .text("kind"), .number("every"), .text("group"),
        ])
        for point in profile.points {
            table.add([
                point.signal.description + (point.published ? "" : " (helper)"), text(point.label), point.table.name,
                "\(point.address)", point.typeText, point.orderText, point.scaleText, point.unit?.ucum ?? "",
                point.kind.rawValue, (point.sampling.interval ?? profile.interval).plainText, point.group ?? "",
            ])
        }
        return table.rendered(style)
    }

    private func validity(_ style: TerminalStyle) -> String {
        var table = TextTable([.text("signal"), .text("counts when")])
        let rules = profile.points.flatMap { point in point.validWhen.map { (point.signal, $0) } }
        for (signal, rule) in rules { table.add([signal.description, rule.text]) }
        return rules.isEmpty ? "" : table.rendered(style)
    }

    private func state(_ style: TerminalStyle) -> String {
        guard let rule = profile.stateRule else { return "" }
        let exceptions = rule.overrides.map { override in
            let what = override.what
            let words = [what.state, what.mode, what.sub, what.cause].compactMap { $0 }
            return "while \(override.signal) is set: \(words.joined(separator: ", "))\n"
        }
        return basis(rule, style) + exceptions.joined()
    }

    private func basis(_ rule: StateRule, _ style: TerminalStyle) -> String {
        switch rule.basis {
        case .register(let signal, let map):
            var table = TextTable([.number("\(signal)"), .text("state"), .text("mode"), .text("sub"), .text("cause")])
            for (raw, mapped) in map.sorted(by: { $0.key < $1.key }) {
                let state = mapped.state + (rule.likely.contains(raw) ? " (uncertain)" : "")
                table.add(["\(raw)", state, mapped.mode ?? "", mapped.sub ?? "", mapped.cause ?? ""])
            }
            return table.rendered(style)
        case .bits(let fault, let run, let power):
            let bits = [("fault", fault), ("run", run), ("power", power)]
                .compactMap { name, signal in signal.map { "\(name) \($0)" } }
            return "state from bits: \(bits.joined(separator: ", "))\n"
        case .power(let signal, let idle, let busy, let hysteresis, let hold, _):
            return "state from \(signal): waiting from \(Value.double(idle).plainText), working from "
                + "\(Value.double(busy).plainText), hysteresis \(Value.double(hysteresis).plainText), held "
                + "\(hold.plainText)\n"
        }
    }

    private func alarms(_ style: TerminalStyle) -> String {
        guard !profile.alarms.isEmpty else { return "" }
        var table = TextTable([
            .text("alarm"), .text("text"), .text("when"), .text("level"), .number("severity"),
        ])
        for alarm in profile.alarms {
            table.add([
                alarm.code.description, text(alarm.text), "\(alarm.signal) \(alarm.trigger.text)",
                alarm.level.rawValue, "\(alarm.severity)",
            ])
        }
        return table.rendered(style)
    }

    private func text(_ text: LocalizedText) -> String {
        text[language] ?? text["en"] ?? text.min { $0.key < $1.key }?.value ?? ""
    }
}

extension AlarmRule.Trigger {
    var text: String {
        switch self {
        case .isTrue: "is true"
        case .equals(let number): "is \(number)"
        case .above(let limit): "above \(Value.double(limit).plainText)"
        case .below(let limit): "below \(Value.double(limit).plainText)"
        }
    }
}
