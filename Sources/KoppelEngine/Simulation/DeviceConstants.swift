internal import KoppelCore

/// What does not move: names and numbers of the device, its settings, and the codes of faults that it has not got.
struct DeviceConstants: PhysicalModel {
    let manufacturer: String
    let model: String
    let seed: UInt64

    /// What a current is multiplied by if a register beside it tells the number of decimals.
    static let currentScale = 100.0
    private static let currentDecimals = 2.0

    func behaviour(of point: Point, _ traits: SignalTraits) -> Behaviour? {
        if case .string(let layout, let registers) = point.wire {
            let room = layout == .onePerRegister ? registers : 2 * registers
            return .fixed(.text(String(text(traits).prefix(room))))
        }
        guard point.enumeration.isEmpty, point.dataType != .boolean, point.kind != .counter else { return nil }
        if traits.name == "updated", traits.quantity == .time {
            // A clock that was right when the simulation was made, and has gone on since.
            return .number { 1_790_000_000 + $0.rounded(.down) }
        }
        if traits.has("current", "decimals") { return .constant(Self.currentDecimals) }
        // Nothing is held back, and nothing waits.
        if traits.quantity == .share, traits.group == "status" {
            if traits.has("limit") { return .constant(100) }
            if traits.has("throttling") { return .constant(0) }
        }
        if traits.quantity == .time, traits.hasAny("delay", "left") { return .constant(0) }
        switch traits.group {
        case "identity", "device", "config", "meta", "settings": return .constant(number(traits))
        default: return point.kind == .event ? .constant(0) : nil
        }
    }

    private func text(_ traits: SignalTraits) -> String {
        if traits.hasAny("alarm", "fault", "error", "options") { return "none" }
        if traits.index != nil { return traits.name.replacing("-", with: " ") }
        if traits.has("serial") { return "SIM-\(seed % 1_000_000)" }
        if traits.hasAny("version", "firmware", "software") { return "1.0.0" }
        if traits.hasAny("manufacturer", "vendor") { return manufacturer }
        if traits.has("order") { return "SIMULATED" }
        // The name of a model can go on to tell which others are the same.
        return model.prefix { $0 != "," && $0 != "(" }.description.trimmed
    }

    private func number(_ traits: SignalTraits) -> Double {
        if traits.has("serial") { return Double(100_000 + seed % 900_000) }
        if traits.hasAny("firmware", "version") { return 104 }
        if traits.has("bits") { return 16 }
        if traits.has("phases") { return 3 }
        switch traits.quantity {
        case .voltage: return 400 * traits.perBase
        case .current: return 100 * traits.perBase
        case .frequency: return 50 * traits.perBase
        case .activePower, .apparentPower, .reactivePower: return 10_000 * traits.perBase
        default: return 5
        }
    }
}

extension String {
    /// Without blanks at its end.
    fileprivate var trimmed: String { String(prefix(count - reversed().prefix { $0 == " " }.count)) }
}
