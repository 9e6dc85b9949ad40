/// When the value of a point counts: another signal of the same request says so (data model 4.2).
///
/// Many devices send a value and, in a status beside it, whether it may be believed: an input error, a broken wire, an
/// under-range. The number of the status is compared as it stands in its register, a bit as 0 or 1.
package struct ValidityRule: Hashable, Sendable {
    /// What a status that is not accepted says of the value, in the words that raw patterns have too.
    package enum Otherwise: Hashable, Sendable {
        case meaning(Sentinel.Meaning)
        /// By the number of the status. A number that is not there is unknown: bad, reason `unmapped-state`.
        case byNumber([Int64: Sentinel.Meaning])
    }

    /// The signal that says it. It is read in the same request as the value, so that both are of one moment.
    package var signal: SignalName
    /// The numbers of it at which the value counts, at least one.
    package var accepted: [Int64]
    package var otherwise: Otherwise

    package init(signal: SignalName, accepted: [Int64], otherwise: Otherwise) {
        self.signal = signal
        self.accepted = accepted
        self.otherwise = otherwise
    }

    /// What the status says of the value: `good` if it counts. A status without a value leaves none, for its own reason.
    package func judgement(of status: Decoded) -> Condition {
        guard let value = status.value else { return status.condition }
        let number = value.wholeNumber
        if let number, accepted.contains(number) { return status.condition }
        let refusal: Condition =
            switch otherwise {
            case .meaning(let meaning): meaning.condition
            case .byNumber(let meanings): number.flatMap { meanings[$0]?.condition } ?? .unmappedState
            }
        return refusal.orWorse(status.condition)
    }
}

extension Point {
    /// The signals without which the value means nothing. They are read in the same request (field rule P46).
    package var companions: [SignalName] { (scaleRegister.map { [$0] } ?? []) + validWhen.map(\.signal) }
}

extension Decoded {
    /// The reading with one more doubt. Of two reasons the worse is told, and a bad one takes the value away.
    package func doubted(for condition: Condition) -> Decoded {
        let worse = self.condition.orWorse(condition)
        return Decoded(value: worse.quality == .bad ? nil : value, condition: worse)
    }
}

extension Condition {
    /// Of two reasons the one of the worse quality; of equal ones that which comes first in the table of data model 4.2.
    func orWorse(_ other: Condition) -> Condition {
        if quality != other.quality { return max(quality, other.quality) == quality ? self : other }
        return rawValue <= other.rawValue ? self : other
    }
}
