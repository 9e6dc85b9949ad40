internal import KoppelAgent
internal import KoppelCore

/// What `koppel read --watch` keeps from one round to the next.
struct ReadRound {
    /// True if the screen is refreshed in place; otherwise only what changed is written.
    let isOnTerminal: Bool
    var hasFailed = false
    private var isFirst = true
    private var shown: [String: Decoded] = [:]
    private var told: [Identifier: [String]] = [:]
    private var states: [Identifier: Kept?] = [:]

    private struct Kept: Equatable {
        var what: StateRule.MappedState
        var condition: Condition
    }

    init(isOnTerminal: Bool) { self.isOnTerminal = isOnTerminal }

    /// The page from the top of the screen on, each line cleared to its end, and nothing below it.
    mutating func screen(_ page: String) -> String {
        defer { isFirst = false }
        let top = isFirst ? "\u{1B}[2J\u{1B}[H" : "\u{1B}[H"
        return top + page.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[J"
    }

    /// A line for a state that changed, for each signal whose value or quality changed, and for failures that are new. A first round is all new.
    mutating func changes(
        _ machine: Identifier, _ signals: [LiveReader.SignalNow], state: StateReader.StateNow? = nil,
        failures: [String], isRaw: Bool, at time: Timestamp
    ) -> String {
        var lines: [String] = []
        // What the signals said is not compared: power moves all the time.
        let kept = state.map { Kept(what: $0.what, condition: $0.condition) }
        if let state, states.updateValue(kept, forKey: machine) != kept {
            lines.append("\(time.plainText)  \(machine) state  \(state.plainText)")
        }
        for signal in signals {
            let point = signal.point
            let key = "\(machine) \(point.signal)"
            guard shown.updateValue(signal.decoded, forKey: key) != signal.decoded else { continue }
            let unit = point.unit.map { " \($0.ucum)" } ?? ""
            let condition = signal.decoded.condition
            var parts = [
                time.plainText, key, signal.decoded.value.plainText(point.enumeration) + unit, condition.quality.name,
            ]
            if let reason = condition.reason { parts.append(reason) }
            if isRaw, !signal.words.isEmpty {
                let decimal = signal.words.map(String.init).joined(separator: " ")
                parts.append(
                    "\(point.table.name) \(point.address): \(PlainText.words(signal.words, of: point.table)) (\(decimal))"
                )
            }
            if let elapsed = signal.elapsed { parts.append(elapsed.plainText) }
            lines.append(parts.joined(separator: "  "))
        }
        let known = told.updateValue(failures, forKey: machine) ?? []
        // How long a failure took is different each time, so only their number is compared.
        if known.count != failures.count {
            lines += failures.map { "\(time.plainText)  \(machine)  failed  \($0)" }
        }
        return lines.map { DisplayWidth.harmless($0) + "\n" }.joined()
    }
}
