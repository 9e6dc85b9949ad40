internal import KoppelCore

/// The facts of one unit, those in force and those put to the test again, and what other units of its model teach.
///
/// Bounded: ``LearnedFact/mostPerUnit`` of its own, and as many presumptions as the model has facts.
struct HeldFacts: Sendable {
    private struct Held: Sendable {
        var fact: LearnedFact
        /// On the monotonic clock; `nil` until that is known.
        var until: Duration?
    }

    private var held: [Held]
    /// Own facts that held long enough. They are put to the test, and one refusal is enough to confirm them.
    private var trials: [LearnedFact] = []
    private var presumed: [LearnedFact]
    /// What this unit showed to be otherwise.
    private var denied: Set<LearnedFact.Kind> = []
    private var nextExpiry = Duration.zero
    private(set) var hasChanged = true

    init(_ facts: [LearnedFact], presumed: [LearnedFact]) {
        held = facts.prefix(LearnedFact.mostPerUnit).map { Held(fact: $0) }
        self.presumed = presumed
    }

    /// In force, and on trial.
    var own: [LearnedFact] { held.map(\.fact) + trials }

    var givenUp: [(span: RegisterSpan, exception: ModbusException?)] {
        held.compactMap { one in
            guard case .points(let span) = one.fact.kind else { return nil }
            return (span, one.fact.exception)
        }
    }

    /// What no read runs across: facts in force, points on trial, and what is presumed. A gap on trial is read along.
    var unreadable: [RegisterSpan] {
        let onTrial = trials.compactMap { fact -> RegisterSpan? in
            guard case .points(let span) = fact.kind else { return nil }
            return span
        }
        return held.compactMap(\.fact.kind.span) + onTrial
            + presumed.filter { fact in !trials.contains { $0.isAboutSame(as: fact.kind) } }.compactMap(\.kind.span)
    }

    /// True once after each change.
    mutating func takeChange() -> Bool {
        defer { hasChanged = false }
        return hasChanged
    }

    /// The limit that other units suggest; `nil` while this unit tries for itself.
    func presumedLimit(of table: RegisterTable) -> Int? {
        let kind = LearnedFact.Kind.limit(table, answered: 0, refused: 0)
        guard !trials.contains(where: { $0.isAboutSame(as: kind) }) else { return nil }
        return presumed.compactMap { fact in
            guard case .limit(table, let answered, let refused) = fact.kind else { return nil }
            return max(1, (answered + refused) / 2)
        }.min()
    }

    /// True if this was known, or is known of another unit: then one refusal is enough.
    func isExpected(_ kind: LearnedFact.Kind) -> Bool {
        trials.contains { $0.isAboutSame(as: kind) } || presumed.contains { $0.isAboutSame(as: kind) }
    }

    // MARK: Changes

    /// Takes a fact in force: a new one, or one that was on trial and is confirmed.
    ///
    /// - Returns: False if there is no room for it.
    mutating func hold(_ fact: LearnedFact) -> Bool {
        var fact = fact
        if let index = trials.firstIndex(where: { $0.isAboutSame(as: fact.kind) }) {
            var confirmed = trials.remove(at: index).confirmed(at: fact.learned)
            confirmed.kind = fact.kind
            confirmed.exception = fact.exception ?? confirmed.exception
            fact = confirmed
        } else if let index = held.firstIndex(where: { $0.fact.isAboutSame(as: fact.kind) }) {
            held[index].fact.kind = fact.kind
            hasChanged = true
            return true
        }
        guard held.count < LearnedFact.mostPerUnit else { return false }
        held.append(Held(fact: fact))
        nextExpiry = .zero
        hasChanged = true
        return true
    }

    /// A limit in force is known more closely.
    mutating func refine(_ kind: LearnedFact.Kind) -> Bool {
        guard let index = held.firstIndex(where: { $0.fact.isAboutSame(as: kind) }) else { return false }
        held[index].fact.kind = kind
        return true
    }

    mutating func dropLimit(of table: RegisterTable) -> Bool {
        let kind = LearnedFact.Kind.limit(table, answered: 0, refused: 0)
        let before = own.count
        held.removeAll { $0.fact.isAboutSame(as: kind) }
        // On trial it was lifted on purpose, and only what is read now can say what becomes of it.
        return own.count != before
    }

    /// These addresses were answered: nothing within them is refused.
    ///
    /// - Returns: True if an own fact is no longer true.
    mutating func answered(_ block: RegisterSpan) -> Bool {
        guard !held.isEmpty || !trials.isEmpty || !presumed.isEmpty else { return false }
        func isDisproved(_ fact: LearnedFact) -> Bool {
            switch fact.kind {
            case .points(let span), .gap(let span): span.table == block.table && block.range.contains(span.range)
            case .limit(let table, _, let refused): table == block.table && block.range.count >= refused
            }
        }
        for fact in presumed where isDisproved(fact) { denied.insert(fact.kind) }
        let presumptions = presumed.count
        presumed.removeAll(where: isDisproved)
        if presumed.count != presumptions { hasChanged = true }
        let before = own.count
        held.removeAll { isDisproved($0.fact) }
        trials.removeAll(where: isDisproved)
        guard own.count != before else { return false }
        hasChanged = true
        return true
    }

    /// - Returns: True if something is presumed now that was not.
    mutating func presume(_ others: [LearnedFact]) -> Bool {
        let next = others.filter { !denied.contains($0.kind) }
        guard next != presumed else { return false }
        presumed = next
        denied.formIntersection(others.map(\.kind))
        hasChanged = true
        return true
    }

    /// Takes facts out of force that held long enough.
    mutating func expire(now: Duration, time: Timestamp) -> [LearnedFact.Kind] {
        guard !held.isEmpty, now >= nextExpiry else { return [] }
        for index in held.indices where held[index].until == nil {
            held[index].until = now + held[index].fact.remaining(at: time)
        }
        let expired = held.filter { ($0.until ?? .zero) <= now }.map(\.fact)
        if !expired.isEmpty {
            held.removeAll { ($0.until ?? .zero) <= now }
            trials += expired
            hasChanged = true
        }
        nextExpiry = held.compactMap(\.until).min() ?? .zero
        return expired.map(\.kind)
    }
}
