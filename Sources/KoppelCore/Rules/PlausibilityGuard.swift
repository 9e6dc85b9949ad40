/// Doubts readings that are correct on the wire and hard to believe: a value that moves faster than the machine can
/// (field rule P47), and one that stands still for too long although it is read (fault D05). It marks, and never edits.
///
/// Rows 27 and 28 of data model 4.2: what another rule already doubts or refuses stays as it is. Constant size.
package struct PlausibilityGuard: Sendable {
    /// So many readings in a row that fit each other are believed, however far they are from the last ones: the machine
    /// has really gone there.
    static let readingsUntilBelieved = 3

    private let frozenAfter: Duration?
    private let maxChange: Double?
    private var still: (value: Value, since: Duration)?
    private var believed: (number: Double, at: Duration)?
    private var doubted: (number: Double, at: Duration, inARow: Int)?

    /// `nil` if the rule asks for neither.
    package init?(_ rule: SamplingRule) {
        guard rule.frozenAfter != nil || rule.maxChangePerSecond != nil else { return nil }
        frozenAfter = rule.frozenAfter
        maxChange = rule.maxChangePerSecond
    }

    /// The condition of a reading with this doubt in it. Call it for each reading; `now` is monotonic.
    package mutating func condition(of reading: Decoded, now: Duration) -> Condition {
        guard let value = reading.value else {
            // A sensor that fails and comes back did not stand still.
            still = nil
            return reading.condition
        }
        let isTooFast = value.number.map { isImplausible($0, now: now) } ?? false
        if still?.value != value { still = (value, now) }
        guard reading.condition == .good else { return reading.condition }
        if isTooFast { return .implausibleRate }
        guard let frozenAfter, let still, now - still.since >= frozenAfter else { return .good }
        return .frozen
    }

    private mutating func isImplausible(_ number: Double, now: Duration) -> Bool {
        guard let maxChange else { return false }
        func fits(_ other: Double, _ at: Duration) -> Bool {
            (number - other).magnitude <= maxChange * (now - at).inSeconds
        }
        var inARow = 1
        if let doubted, fits(doubted.number, doubted.at) { inARow = doubted.inARow + 1 }
        if believed.map({ fits($0.number, $0.at) }) ?? true || inARow >= Self.readingsUntilBelieved {
            believed = (number, now)
            doubted = nil
            return false
        }
        doubted = (number, now, inARow)
        return true
    }
}
