internal import KoppelAgent
internal import KoppelCore

extension StateReader.StateNow {
    /// `executing, processing, Execute; good; by the register status/unit-state = 6`.
    var plainText: String {
        let words = [what.state, what.mode, what.sub, what.cause == "none" ? nil : what.cause].compactMap(\.self)
        let quality = condition.quality.name + (condition.reason.map { " (\($0))" } ?? "")
        let said = sources.map { "\($0.signal) = \(Optional($0.value).plainText([:]))" }.joined(separator: ", ")
        let basis =
            switch basis {
            case .register: "by its state register"
            case .bits: "by bits"
            case .power: "by its power"
            }
        return "\(words.joined(separator: ", ")); \(quality); \(basis)\(said.isEmpty ? "" : ": \(said)")"
    }

    var tone: TerminalStyle.Tone {
        switch condition.quality {
        case .good: .good
        case .uncertain: .warning
        case .bad: .bad
        }
    }
}

/// The state of a machine in `koppel read --json`, in the words of the data model.
struct StateDocument: Encodable {
    var state: String
    var mode: String?
    var sub: String?
    var cause: String?
    /// `register`, `bits` or `power`.
    var basis: String
    var quality: String
    var reason: String?
    /// What the signals of the rule said.
    var raw: [String: JSONValue]

    init(_ now: StateReader.StateNow) {
        state = now.what.state
        mode = now.what.mode
        sub = now.what.sub
        cause = now.what.cause
        basis = now.basis.name
        quality = now.condition.quality.name
        reason = now.condition.reason
        raw = Dictionary(now.sources.map { ($0.signal.description, JSONValue(value: $0.value)) }) { first, _ in first }
    }
}
