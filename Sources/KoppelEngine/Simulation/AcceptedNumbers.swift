internal import KoppelCore

/// The numbers at which the values count that depend on a status (`validWhen`): a simulated device is never in trouble.
struct AcceptedNumbers {
    private var numbers: [SignalName: [Int64]] = [:]

    init(_ points: [Point]) {
        for rule in points.flatMap(\.validWhen) {
            guard let earlier = numbers[rule.signal] else {
                numbers[rule.signal] = rule.accepted
                continue
            }
            // Where no number suits all values, it is the first value that counts.
            let shared = earlier.filter(rule.accepted.contains)
            if !shared.isEmpty { numbers[rule.signal] = shared }
        }
    }

    /// How a status moves: as it would, but only among these numbers; the candidates themselves for another signal.
    func candidates(_ natural: [Behaviour], of point: Point) -> [Behaviour] {
        guard let accepted = numbers[point.signal] else { return natural }
        let held = natural.compactMap { behaviour -> Behaviour? in
            guard case .raw(let key) = behaviour else { return nil }
            return .raw { seconds in
                let number = key(seconds)
                return accepted.contains(number) ? number : accepted[0]
            }
        }
        return held + accepted.map { number in .raw { _ in number } }
    }
}
