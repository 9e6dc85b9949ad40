/// What one reading of a counter means for its running total (data model 3.7).
///
/// Amounts are in the signal's unit. Where the wire carries whole numbers, all arithmetic is done on the raw counts, so
/// that a total does not drift however long it runs; floats, and values with a scale register, count in Double.
package struct CounterLogic: Sendable {
    package enum Verdict: String, Hashable, Sendable {
        /// The first reading ever.
        case first
        case counted
        case rollover
        case reset
        /// More than one rollover was possible since the last reading.
        case gap
    }

    package struct Step: Hashable, Sendable {
        /// What was counted since the previous reading: `uint` where counts are whole, `double` otherwise, and of the
        /// total's type. `nil` if it is not known; a delta is then null, reason `waiting` for the first reading.
        package var credit: Value?
        package var verdict: Verdict
        /// What a good reading of the counter becomes.
        package var reading: Condition
        /// What the total's reading becomes; bad only at the first one.
        package var total: Condition

        package init(credit: Value?, verdict: Verdict, reading: Condition, total: Condition) {
            self.credit = credit
            self.verdict = verdict
            self.reading = reading
            self.total = total
        }
    }

    private let rule: CounterRule
    // The size of one raw count, as a fraction; `nil` if the wire carries no whole numbers or the scale can change.
    private let count: LinearScale?
    private let isUnscaled: Bool

    /// `nil` if the point has no counter rule.
    package init?(_ point: Point) {
        guard let rule = point.counter else { return nil }
        self.rule = rule
        let isWhole = point.wire.rawRange != nil && point.scaleRegister == nil
        count = isWhole ? LinearScale(point.scaling, largestRaw: point.wire.largestRaw) : nil
        isUnscaled = isWhole && point.scaling == .none
    }

    /// Judges a new value of the counter.
    ///
    /// - Parameters:
    ///   - previous: The last value that was not bad, also from before a restart; `nil` if there is none.
    ///   - new: The value just read.
    ///   - elapsed: The time between the two. Below zero, after a clock was set back, counts as zero.
    /// - Returns: The credit and the qualities. A value that is no number is treated as a first reading.
    package func step(previous: Value?, new: Value, elapsed: Duration) -> Step {
        guard let previous, let before = amount(previous), let now = amount(new) else {
            return Step(credit: nil, verdict: .first, reading: .good, total: .waiting)
        }
        let possible = rule.maxRatePerSecond * max(elapsed, .zero).inSeconds
        if let modulus = modulusInUnit, possible >= modulus {
            return Step(credit: nil, verdict: .gap, reading: .good, total: .counterReset)
        }
        if let credit = before.distance(to: now, modulus: nil) {
            let condition: Condition = isPlausible(credit, possible) ? .good : .implausibleRate
            return Step(credit: value(credit), verdict: .counted, reading: condition, total: condition)
        }
        if let modulus = rule.modulus, let credit = before.distance(to: now, modulus: modulus),
            isPlausible(credit, possible)
        {
            return Step(credit: value(credit), verdict: .rollover, reading: .good, total: .good)
        }
        return Step(credit: value(now.sinceReset), verdict: .reset, reading: .counterReset, total: .counterReset)
    }

    /// The total after a step: it never falls, and stays as it is where the credit is not known.
    ///
    /// `nil` as `total` begins at zero. A whole total saturates at the end of UInt64.
    package func total(_ total: Value?, after step: Step) -> Value {
        let sum: Amount =
            switch (total.flatMap(amount) ?? zero, step.credit.flatMap(amount) ?? zero) {
            case (.counts(let before), .counts(let credit)): .counts(before.saturatingSum(with: credit))
            case (let before, let credit): .real(before.asDouble + credit.asDouble)
            }
        return value(sum)
    }

    private var zero: Amount { count == nil ? .real(0) : .counts(0) }

    private var modulusInUnit: Double? { rule.modulus.map { Double($0) * unit } }

    private var unit: Double { count.map { $0.factor.magnitude / $0.divisor } ?? 1 }

    /// A single count is no rate: a slow counter read often would else be doubted each time it counts.
    private func isPlausible(_ credit: Amount, _ possible: Double) -> Bool {
        if case .counts(let counts) = credit {
            return counts <= 1 || Double(counts) * unit <= possible * 1.5
        }
        return credit.asDouble <= possible * 1.5
    }

    private func amount(_ value: Value) -> Amount? {
        guard let count else { return value.number.map { .real($0) } }
        switch value {
        case .uint(let counts): return .counts(counts)
        case .int(let counts): return signed(counts)
        case .double, .float:
            // Only the distance between two raw numbers matters, so the offset may stay in.
            return value.number.flatMap { Int64(exactly: ($0 * count.divisor / count.factor).rounded()) }.map(signed)
        case .bool, .text: return nil
        }
    }

    /// A signed register that has passed its middle goes on counting below zero.
    private func signed(_ counts: Int64) -> Amount {
        if counts >= 0 { return .counts(UInt64(counts)) }
        guard let modulus = rule.modulus, counts.magnitude <= modulus else { return .counts(0) }
        return .counts(modulus - counts.magnitude)
    }

    private func value(_ amount: Amount) -> Value {
        switch amount {
        case .counts(let counts) where isUnscaled: .uint(counts)
        case .counts(let counts): .double(count.map { Double(counts) * $0.factor.magnitude / $0.divisor } ?? 0)
        case .real(let number): .double(number)
        }
    }
}

private enum Amount {
    case counts(UInt64)
    case real(Double)

    var asDouble: Double {
        switch self {
        case .counts(let counts): Double(counts)
        case .real(let number): number
        }
    }

    /// How far it is to `other` going up, over the end of `modulus` if there is one; `nil` if there is no such way.
    func distance(to other: Amount, modulus: UInt64?) -> Amount? {
        switch (self, other, modulus) {
        case (.counts(let before), .counts(let now), nil): now >= before ? .counts(now - before) : nil
        case (.counts(let before), .counts(let now), let modulus?):
            now < before && before <= modulus ? .counts((modulus - before).saturatingSum(with: now)) : nil
        case (_, _, nil): other.asDouble >= asDouble ? .real(other.asDouble - asDouble) : nil
        case (_, _, let modulus?):
            asDouble <= Double(modulus) ? .real(Double(modulus) - asDouble + other.asDouble) : nil
        }
    }

    /// What was surely counted since a reset: all of it, but never less than nothing.
    var sinceReset: Amount {
        if case .real(let number) = self { .real(max(0, number)) } else { self }
    }
}

extension UInt64 {
    fileprivate func saturatingSum(with other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
