internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// The explanation of a signal, for people: one fact a line, from what is published down to the wire.
struct ExplainText {
    let explanation: SignalExplanation
    let source: SignalSource?
    let latest: SignalExplanation.Latest?
    /// Why nothing is known of what the machine said last.
    let silence: String?

    private var point: Point { explanation.point }
    private var machine: MachineSettings { explanation.machine }

    func rendered(_ style: TerminalStyle) -> String {
        let title = "\(explanation.name) of \(machine.id)"
        let label = point.label["en"] ?? point.label.min { $0.key < $1.key }?.value
        return style.paint(DisplayWidth.harmless(title + (label.map { ": \($0)" } ?? "")), .strong) + "\n"
            + (published + meaning + wire + plan + learned + said).map { line($0.0, $0.1, style) }.joined()
    }

    private func line(_ name: String, _ text: String, _ style: TerminalStyle) -> String {
        let room = String(repeating: " ", count: max(1, 13 - name.count))
        return style.paint(name, .faint) + room + DisplayWidth.harmless(text) + "\n"
    }

    private var published: [(String, String)] {
        var lines: [(String, String)] = []
        if !point.published { lines.append(("published", "no: it is read only because others need it")) }
        for destination in explanation.destinations {
            let topics = destination.topics.isEmpty ? "nothing" : destination.topics.joined(separator: " and ")
            lines.append(("to \(destination.id)", "\(topics) (\(destination.policy))"))
        }
        return lines
    }

    private var meaning: [(String, String)] {
        var lines = [("profile", "\(machine.profile.id) \(machine.profile.version)")]
        if let place = source?.profile { lines.append(("", "\(place)")) }
        if let change = source?.change { lines.append(("changed at", "\(change)")) }
        if let source { lines.append(("machine", "\(source.machine)")) }
        if explanation.isTotal {
            lines.append(("made of", "\(point.signal): the agent counts on across rollovers and resets"))
        }
        lines.append(("kind", point.kind.rawValue + (unitText.map { " in \($0)" } ?? "")))
        if !explanation.uses.isEmpty { lines.append(("used for", explanation.uses.joined(separator: ", "))) }
        return lines
    }

    private var wire: [(String, String)] {
        var lines = [
            ("where", "unit \(machine.unit.rawValue) on bus \(explanation.bus.id), \(placeText)\(addressText)"),
            ("type", point.typeText + (point.orderText.isEmpty ? "" : ", bytes in the order \(point.orderText)")),
        ]
        if !point.scaleText.isEmpty { lines.append(("scale", point.scaleText)) }
        for sentinel in point.sentinels { lines.append(("no value", sentinel.text(of: point.wire))) }
        for rule in point.validWhen { lines.append(("counts when", rule.text)) }
        if let limits = point.limits { lines.append(("possible", limits.text)) }
        if let range = point.range { lines.append(("normal", range.text)) }
        return lines
    }

    /// Where it is in its SunSpec model, and whose address follows.
    private var placeText: String {
        guard let place = point.place else { return "" }
        let address =
            explanation.models == nil ? "which in the example device of the profile is" : "which in this device is"
        return "register \(place.offset) of SunSpec model \(place.model), \(address) "
    }

    /// A number without a dimension has the unit 1, which says nothing to a person.
    private var unitText: String? { point.unit.flatMap { $0.ucum == "1" ? nil : $0.ucum } }

    /// In all notations a manual may use.
    private var addressText: String {
        let last = Int(point.address) + point.wire.registers - 1
        let addresses = last == Int(point.address) ? "\(point.address)" : "\(point.address) to \(last)"
        let digit =
            [RegisterTable.coil: "0", .discreteInput: "1", .inputRegister: "3", .holdingRegister: "4"][point.table]
            ?? ""
        let number = Int(point.address) + 1
        func padded(_ width: Int) -> String {
            digit + String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)"
        }
        let manual = number <= 9_999 ? "\(padded(4)) or \(padded(5))" : padded(5)
        let hex = String(point.address, radix: 16, uppercase: true)
        return "function \(point.table.rawValue), \(point.table.name) \(addresses) counted from 0 (0x\(hex)); "
            + "\(number) counted from 1; \(manual) in a manual"
    }

    private var plan: [(String, String)] {
        if let problem = explanation.problem { return [("plan", problem)] }
        if explanation.isGivenUp { return [("read", "not now: the unit refuses it, and its reading is bad each time")] }
        guard let request = explanation.request else { return [("plan", "no request reads it")] }
        var lines = [
            (
                "read",
                "every \(explanation.interval.plainText) with \(request.rangeText) in one request of about "
                    + explanation.requestTime.plainText
            )
        ]
        if !explanation.sharers.isEmpty {
            let shown = explanation.sharers.prefix(6).map(\.description).joined(separator: ", ")
            let rest = explanation.sharers.count - 6
            lines.append(("together with", shown + (rest > 0 ? " and \(rest) more" : "")))
        }
        return lines
    }

    private var learned: [(String, String)] {
        if let problem = explanation.learnedProblem { return [("learned", "not known: \(problem)")] }
        return explanation.learned.map { learned in
            let next = learned.holds == .zero ? "at the next chance" : "in \(learned.holds.plainText)"
            return ("learned", "\(learned.fact); tried again \(next)")
        }
    }

    private var said: [(String, String)] {
        if let silence { return [("last", "not known: \(silence)")] }
        guard let latest else {
            return [("last", "the agent has kept no question for it; `koppel status` tells how its unit is")]
        }
        let line = latest.line
        var lines = [("asked", "\(line.sent.plainText), \(line.request)")]
        if let failure = line.failure {
            lines.append(("answer", failure))
        } else {
            let words = PlainText.words(latest.words, of: point.table)
            lines.append(("answer", "\(words) after \(line.elapsed?.plainText ?? "–")"))
        }
        let value = latest.decoded.value.plainText(point.enumeration)
        let unit = latest.decoded.value == nil ? "" : unitText.map { " \($0)" } ?? ""
        lines.append(("value", explanation.isTotal ? "\(value)\(unit), of which the total is made" : value + unit))
        let heard = latest.decoded.condition
        let condition = machine.simulated && heard == .good ? .simulated : heard
        lines.append(("quality", condition.quality.name + (condition.reason.map { ", \($0)" } ?? "")))
        return lines
    }
}

extension Sentinel {
    fileprivate func text(of wire: WireType) -> String {
        let raw = pattern.text(of: wire)
        return switch pattern {
        case .notANumber: "a NaN means \(meaning.rawValue)"
        case .register: "raw \(raw) in the whole register means \(meaning.rawValue)"
        case .bits: "raw \(raw) means \(meaning.rawValue)"
        }
    }
}

extension Band {
    fileprivate var text: String { "\(Value.double(low).plainText) to \(Value.double(high).plainText)" }
}
