internal import KoppelCore

/// How a simulated state or bit goes: mostly at work, now and then at rest, and never in trouble.
struct StateCycle: Sendable {
    private let home: Int64
    private let others: [Int64]
    /// Seconds.
    private let period: Double
    private let phase: Double

    private static let trouble = [
        "fault", "error", "alarm", "emergency", "stop", "protect", "safeguard", "violation", "trip", "warning", "lost",
        "overload", "disconnect", "button", "sensor",
    ]
    private static let work = ["run", "execut", "produc", "processing", "automatic"]
    private static let fine = ["on", "yes", "normal", "ok", "active", "ready", "enabled", "true", "closed", "inside"]
    private static let calm = ["no", "off", "normal", "ok", "released", "inactive", "none", "false"]

    /// `numbers` are the raw numbers that may be shown, with their names; 0 and 1 for a bit.
    init(_ point: Point, numbers: [Int64: String], rule: StateRule?, seed: UInt64) {
        var random = SeededNumbers(seed: seed, name: point.signal.description)
        period = Double.random(in: 40...80, using: &random)
        phase = Double.random(in: 0...1, using: &random)
        let keys = numbers.keys.sorted()
        func first(_ words: [String], whole: Bool = false) -> Int64? {
            keys.first { key in
                let name = (numbers[key] ?? "").lowercased()
                return words.contains { whole ? name == $0 : name.contains($0) }
            }
        }
        let name = point.signal.description
        func isNamed(_ words: [String]) -> Bool { words.contains { name.contains($0) } }
        let working = StateCycle.working(point, rule)
        let isBit = point.wire.rawRange == nil && Set(keys).isSubset(of: [0, 1])
        if isNamed(StateCycle.trouble) {
            home = first(StateCycle.calm, whole: true) ?? keys.first ?? 0
            others = []
        } else if isBit && !isNamed(["run", "power", "ready", "enable", "status"]) {
            home = keys.first ?? 0
            others = Array(keys.dropFirst())
        } else if let working, numbers[working] != nil {
            home = working
            others = StateCycle.harmless(numbers, except: working)
        } else if let named = first(StateCycle.work) ?? first(StateCycle.fine, whole: true) {
            home = named
            others = isNamed(["power", "enable"]) ? [] : StateCycle.harmless(numbers, except: named)
        } else {
            let usual = numbers.values.allSatisfy(\.isEmpty) && isNamed(["run", "power", "ready", "enable"])
            home = (usual ? keys.last : keys.first) ?? 0
            others = usual ? [] : StateCycle.harmless(numbers, except: home)
        }
    }

    func number(_ seconds: Double) -> Int64 {
        guard !others.isEmpty else { return home }
        let turns = seconds / period + phase
        let cycle = turns.rounded(.down)
        guard turns - cycle >= 0.75 else { return home }
        return others[Int(cycle.truncatingRemainder(dividingBy: Double(others.count)))]
    }

    private static func harmless(_ numbers: [Int64: String], except home: Int64) -> [Int64] {
        let avoided = trouble + ["off", "boot", "unknown", "backdrive", "confirm", "not", "lock"]
        let harmless = numbers.filter { number, name in
            number != home && !avoided.contains { name.lowercased().contains($0) }
        }
        return Array(harmless.keys.sorted().prefix(4))
    }

    private static func working(_ point: Point, _ rule: StateRule?) -> Int64? {
        guard case .register(let signal, let map) = rule?.basis, signal == point.signal else { return nil }
        return map.filter { $0.value.state == "executing" }.keys.min()
    }
}
