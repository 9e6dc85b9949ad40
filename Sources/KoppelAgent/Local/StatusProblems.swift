internal import KoppelCore

extension StatusDocument {
    /// Below this part of the timeout the slowest answers leave too little. A timeout that was learned leaves a half.
    package static let tightHeadroom = 1.0 / 3

    /// What a person has to look at, the gravest first. A pure judgement of the figures.
    func judgedProblems() -> [String] {
        var problems: [String] = []
        if let notStored {
            problems.append("readings cannot be stored, and will be declared missing: \(notStored)")
        }
        let stuck =
            buses.filter { $0.state == "stuck" }.map { "bus \($0.id)" }
            + destinations.filter { $0.state == "stuck" }.map { "destination \($0.id)" }
        for name in stuck {
            problems.append(
                "\(name) stands still: its thread does not come back from a call. If that lasts, restart the agent")
        }
        for bus in buses where bus.state == "closed" {
            problems.append("bus \(bus.id) is closed\(age(bus.since)): \(bus.lastError ?? "not opened yet")")
        }
        for bus in buses where bus.state != "closed" && bus.state != "stuck" {
            for unit in bus.units {
                let name = "unit \(unit.unit) on bus \(bus.id) (\(unit.machines.joined(separator: ", ")))"
                switch unit.state {
                case "never-answered":
                    problems.append(
                        "\(name) has not answered since the agent began: check unit id, wiring and baud rate")
                case "silent":
                    problems.append("\(name) does not answer\(age(unit.since)): \(unit.lastError ?? "no answer")")
                case "over-share":
                    problems.append("\(name) answers so slowly that it is held back for the sake of the others")
                default: break
                }
                if let trouble = unit.layoutTrouble { problems.append("\(name): \(trouble)") }
            }
        }
        for destination in destinations {
            switch destination.state {
            case "away":
                problems.append(
                    "destination \(destination.id) is away\(age(destination.since)): "
                        + (destination.lastError ?? "not connected yet"))
            case "waiting":
                problems.append(
                    "destination \(destination.id) waits for its primary host \(destination.awaitedHost ?? "")"
                        + "\(age(destination.since)); readings wait in the journal")
            case "not-served":
                problems.append("destination \(destination.id) stays closed; `koppel share show` says why")
            default: break
            }
            if let topic = destination.refusedTopic {
                let code = destination.lastRefusal.map { " (0x" + String($0, radix: 16, uppercase: true) + ")" } ?? ""
                problems.append(
                    "destination \(destination.id) refuses topics\(code), the last one \(topic): check its access rules"
                )
            }
            if destination.quarantined > 0 {
                problems.append(
                    "destination \(destination.id) refused \(destination.quarantined) messages for good; they are in "
                        + "quarantine.jsonl of the data folder")
            }
        }
        if let journal {
            if journal.dropped > 0 {
                problems.append("\(journal.dropped) readings were dropped before delivery since the journal was made")
            }
            let isDraining = destinations.allSatisfy { $0.state == "connected" }
            if let hours = journal.hoursLeft, hours < 24, !isDraining {
                problems.append("the journal is full in \(Int(hours.rounded())) hours if nothing is delivered")
            }
        }
        if agent.clock == "unsynchronised" {
            problems.append("the clock is not synchronised: set up a time source, or say `clock: isolated`")
        }
        for bus in buses {
            for unit in bus.units where (unit.headroom ?? 1) < Self.tightHeadroom {
                problems.append(
                    "unit \(unit.unit) on bus \(bus.id) needs nearly its whole timeout of \(Int(unit.timeoutMs)) ms: "
                        + "lengthen it")
            }
            for unit in bus.units where unit.requests > 100 && unit.badFrames * 100 > unit.requests {
                problems.append(
                    "unit \(unit.unit) on bus \(bus.id): more than 1 % of its answers are refused, "
                        + "the last one: \(unit.lastError ?? "unknown")")
            }
            if bus.plannedLoad > 1 {
                problems.append("bus \(bus.id) is asked for more than it can do: see koppel check --plan")
            }
        }
        let rest = problems.count - Self.mostProblems
        return rest > 0 ? problems.prefix(Self.mostProblems) + ["and \(rest) more"] : problems
    }

    /// ` for 3 min`, or nothing.
    private func age(_ since: Moment?) -> String {
        guard let since else { return "" }
        let seconds = Double(now.timestamp.nanoseconds - since.timestamp.nanoseconds) / 1e9
        switch seconds {
        case ..<1: return ""
        case ..<120: return " for \(Int(seconds)) s"
        case ..<7_200: return " for \(Int((seconds / 60).rounded())) min"
        case ..<172_800: return " for \(Int((seconds / 3_600).rounded())) h"
        default: return " for \(Int((seconds / 86_400).rounded())) days"
        }
    }
}
