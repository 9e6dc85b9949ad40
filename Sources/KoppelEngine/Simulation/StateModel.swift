internal import KoppelCore

/// States and bits: they say what the machine is doing, are as they are in a machine that is well, and nothing else.
struct StateModel: PhysicalModel {
    let cycle: WorkCycle
    let rule: StateRule?

    private static let trouble = [
        "fault", "error", "alarm", "emergency", "protect", "violation", "trip", "warning", "lost", "overload",
        "limit", "failed", "break", "inhibited", "bad", "burn", "out-of", "unknown", "lock", "disconnected",
    ]
    private static let work = ["mppt", "run", "execut", "produc", "processing", "operating", "working", "forward"]
    private static let rest = ["idle", "sleeping", "stopped", "standby", "waiting", "none", "paused"]
    /// A state that tells no more than whether a part of the machine works.
    private static let switched = ["on", "off"]
    /// What a machine that is well shows all the time, the likeliest first.
    private static let well = [
        "normal", "ok", "good", "as-expected", "no-fault", "no", "auto", "automatic", "l1-l2-l3", "three-phase",
        "right", "clockwise", "4-20-ma", "bus", "active", "forward", "sum", "done", "released", "none", "off",
        "inactive", "false",
    ]

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        switch point.wire {
        case .bool, .bit: return bit(point, traits)
        default: break
        }
        let twofold: [Set<String>] = [["no", "yes"], ["off", "on"]]
        if twofold.contains(Set(point.enumeration.values.map { $0.lowercased() })) { return bit(point, traits) }
        guard !point.enumeration.isEmpty else { return nil }
        let keys = point.enumeration.keys.sorted()
        if let states = following(point) { return .raw { states.key(cycle.doing($0)) } }
        let names = point.enumeration
        let home =
            StateModel.well.lazy.compactMap { well in keys.first { names[$0]?.lowercased() == well } }.first
            ?? keys.first { !StateModel.isTrouble(names[$0] ?? "") } ?? keys.first
        return home.map { key in .raw { _ in key } }
    }

    // MARK: States of more than two

    /// The keys of a state that follows the work.
    private struct Following: Sendable {
        var resting: Int64
        var starting: Int64?
        var working: Int64
        var stopping: Int64?

        func key(_ doing: WorkCycle.Doing) -> Int64 {
            switch doing {
            case .resting: resting
            case .starting: starting ?? working
            case .working: working
            case .stopping: stopping ?? working
            }
        }
    }

    private func following(_ point: Point) -> Following? {
        let names = point.enumeration.mapValues { $0.lowercased() }
        let keys = names.keys.sorted().filter { !StateModel.isTrouble(names[$0] ?? "") }
        func first(_ words: [String], of keys: [Int64]) -> Int64? {
            words.lazy.compactMap { word in keys.first { names[$0]?.contains(word) == true } }.first
        }
        let isWhole = ["status", "drive"].contains(String(point.signal.group))
        let starting = isWhole ? first(["starting", "accelerating"], of: keys) : nil
        let stopping = isWhole ? first(["stopping", "shutting", "decelerating"], of: keys) : nil
        if case .register(let signal, let map) = rule?.basis, signal == point.signal {
            func mapped(_ state: String) -> [Int64] { keys.filter { map[$0]?.state == state } }
            let (busy, waiting) = (mapped("executing"), mapped("notExecuting"))
            let working = first(StateModel.work, of: busy) ?? busy.first
            let others = waiting.filter { $0 != starting && $0 != stopping }
            // At night an inverter is not available.
            let resting =
                first(["sleeping"], of: keys) ?? first(StateModel.rest, of: others) ?? others.first ?? waiting.first
            guard let working, let resting else { return nil }
            return Following(resting: resting, starting: starting, working: working, stopping: stopping)
        }
        let named = Set(names.values)
        if named.isSuperset(of: StateModel.switched), point.signal.description.contains("state") {
            let keys = StateModel.switched.compactMap { name in names.first { $0.value == name }?.key }
            return Following(resting: keys[1], working: keys[0])
        }
        guard let working = first(StateModel.work, of: keys), let resting = first(StateModel.rest, of: keys)
        else { return nil }
        return Following(resting: resting, starting: starting, working: working, stopping: stopping)
    }

    // MARK: Bits

    private func bit(_ point: Point, _ traits: SignalTraits) -> Behaviour? {
        if case .register(let signal, let map) = rule?.basis, signal == point.signal {
            let working: Int64 = map[1]?.state == "executing" ? 1 : 0
            return .raw { cycle.isRunning($0) ? working : 1 - working }
        }
        if case .bits(_, let run?, _) = rule?.basis, run == point.signal { return running }
        let last = traits.name.split(separator: "-").last.map(String.init) ?? ""
        if traits.name.hasPrefix("no-") || traits.name.hasPrefix("below-") { return .raw { _ in 1 } }
        if StateModel.isTrouble(traits.name) && traits.name != "above-limit" { return .raw { _ in 0 } }
        switch traits.name {
        case "running", "rotating", "output-active", "run-command", "run", "forward", "executing", "motor-on":
            return running
        case "at-setpoint", "at-reference", "at-speed": return .raw { cycle.isAtTarget($0) ? 1 : 0 }
        case "above-limit", "comparison-speed", "frequency-detected":
            return .raw { cycle.pace.value($0) >= 0.4 ? 1 : 0 }
        case "bus-control", "counter-1-running", "counter-2-running", "ramp-end-reached", "power-on", "updated":
            return .raw { _ in 1 }
        default: break
        }
        let isWell =
            traits.name.hasPrefix("supply-")
            || [
                "ready", "enabled", "enable", "on", "remote", "present", "requested", "automatic", "healthy", "ok",
                "valid", "available", "online", "connected", "connect", "following",
            ].contains(last)
        return .raw { _ in isWell ? 1 : 0 }
    }

    private var running: Behaviour { .raw { [cycle] in cycle.isRunning($0) ? 1 : 0 } }

    private static func isTrouble(_ name: String) -> Bool {
        let name = name.lowercased()
        return name != "no-fault" && trouble.contains { name.contains($0) }
    }
}
