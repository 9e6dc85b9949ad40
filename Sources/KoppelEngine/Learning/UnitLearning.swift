package import KoppelCore

/// What one unit teaches by what it answers and what it refuses, and what follows for its plans (field rules P28 to
/// P30, P32).
///
/// A pure value: it is told each answer and gives ``restrictions`` for the planner and facts to keep. Nothing is asked
/// for its sake. Facts hold by the monotonic clock, so that a step of the wall clock forgets nothing.
package struct UnitLearning: Sendable {
    /// What a refusal means for the values that were asked for.
    enum Ruling: Hashable, Sendable {
        /// One of several values is refused, and the next plans find out which: the others are not to blame.
        case searching
        /// The value that takes the whole request is refused; what lies within it is asked for by itself from now on.
        case widest
        /// It is what it says.
        case final
    }

    package let unit: UnitOnBus
    package let model: DeviceModel
    package private(set) var restrictions = ReadRestrictions()
    private var facts: HeldFacts
    private var search = RefusalSearch()
    private var apart = ApartSpans()
    private var lengths: [RegisterTable: LengthSearch] = [:]
    /// Gaps that were found once; a second time makes a fact.
    private var suspectedGaps: Set<RegisterSpan> = []
    private var hasNewRestrictions = true
    private var isNews = false
    /// The wall clock at the last refusal, for the facts that answers complete.
    private var lastRefusal = Timestamp(nanoseconds: 0)

    /// Starts from what this unit taught before, and from what other units of the same model did.
    init(unit: UnitOnBus, model: DeviceModel, facts: [LearnedFact] = [], others: [LearnedFact] = []) {
        self.unit = unit
        self.model = model
        self.facts = HeldFacts(facts, presumed: others)
        for case .limit(let table, let answered, let refused) in facts.map(\.kind) {
            lengths[table] = LengthSearch(answered: answered, refused: refused)
        }
        update()
    }

    /// A machine, with what is known of its unit and its model.
    ///
    /// Facts are about addresses, so a device that tells itself where its registers are starts without any.
    package init(machine: MachineSettings, facts: FactBoard = FactBoard()) {
        let unit = UnitOnBus(bus: machine.bus, unit: machine.unit)
        let model = DeviceModel(profile: machine.profile.id, version: machine.profile.version)
        let known = machine.profile.layout == nil ? facts.facts(of: unit, model: model) : ([], [])
        self.init(unit: unit, model: model, facts: known.0, others: known.1)
    }

    /// What the unit said of these addresses, if they are not asked any more.
    package func refusal(of span: RegisterSpan?) -> Condition? {
        guard let span, let refused = facts.givenUp.first(where: { span.contains($0.span) }) else { return nil }
        return refused.exception.map(Condition.init) ?? .illegalAddress
    }

    /// What bears on the reading of these addresses: what is refused of them, and how much of their table is answered at
    /// once.
    package func facts(about span: RegisterSpan) -> [LearnedFact] {
        facts.own.filter { fact in
            guard fact.kind.table == span.table else { return false }
            return fact.kind.span.map { $0.addresses.overlaps(span.addresses) } ?? true
        }
    }

    /// True once after each change of ``restrictions`` or of what is given up.
    mutating func takeNews() -> Bool {
        defer { hasNewRestrictions = false }
        return hasNewRestrictions
    }

    /// All facts of this unit, once after each change of them.
    mutating func takeFacts() -> [LearnedFact]? {
        defer { isNews = false }
        return isNews ? facts.own : nil
    }

    /// What other units of the model teach.
    mutating func presume(_ others: [LearnedFact]) { if facts.presume(others) { update() } }

    // MARK: What happens

    /// A read was answered with words.
    mutating func answered(_ request: ReadRequest) {
        let (table, count) = (request.table, Int(request.count))
        if lengths[table, default: LengthSearch()].answered(count) { noteLimit(of: table, nil, at: nil) }
        if !apart.isIdle, apart.answered(request.block) { update() }
        if facts.answered(request.block) { isNews = true }
        if facts.hasChanged { update() }
        if !suspectedGaps.isEmpty {
            suspectedGaps = suspectedGaps.filter { $0.table != table || !request.addresses.contains($0.range) }
        }
        let isIdle = search.isIdle
        for verdict in search.answered(request) { note(verdict) }
        if !isIdle { update() }
    }

    /// A read was refused.
    ///
    /// `halves` are the two reads it can be cut into, none if it asks for a single value, and `values` the addresses
    /// of its values. If the one that takes the whole request has delivered, in this run or an earlier one, it is
    /// never given up.
    mutating func refused(
        _ request: ReadRequest, _ exception: ModbusException, halves: [ReadRequest], values: [ClosedRange<Int>],
        hasDelivered: Bool, time: Timestamp
    ) -> Ruling {
        switch exception.code {
        case 2, 3: break
        case 4:
            unanswered(request, exception, time: time)
            return .final
        default: return .final
        }
        lastRefusal = time
        defer { update() }
        if halves.count == 2 {
            let isTaken = search.refused(
                request, halves: (halves[0], halves[1]), values: values, exception: exception)
            return isTaken ? .searching : .final
        }
        search.explained(request)
        let span = request.block
        let isHopeless = apart.refused(span, exception, isPresumed: facts.isExpected(.points(span)))
        if isHopeless, !hasDelivered, hold(.points(span), exception, at: time) { apart.forget(span) }
        return .widest
    }

    /// A read got no answer at all, or the device called itself broken.
    mutating func unanswered(_ request: ReadRequest, _ exception: ModbusException? = nil, time: Timestamp) {
        let table = request.table
        guard lengths[table, default: LengthSearch()].failed(Int(request.count)) else { return }
        noteLimit(of: table, exception, at: time)
    }

    /// Puts facts to the test again that held long enough.
    mutating func tick(now: Duration, time: Timestamp) {
        let expired = facts.expire(now: now, time: time)
        guard !expired.isEmpty else { return }
        for case .limit(let table, _, _) in expired { lengths[table]?.lift() }
        update()
    }

    // MARK: What follows

    private mutating func note(_ verdict: RefusalSearch.Verdict) {
        switch verdict {
        case .gap(let span, let exception):
            guard facts.isExpected(.gap(span)) || !suspectedGaps.insert(span).inserted else {
                // Bounded by starting anew, which costs one more refusal each.
                if suspectedGaps.count > LearnedFact.mostPerUnit { suspectedGaps = [span] }
                return
            }
            if hold(.gap(span), exception, at: lastRefusal) { suspectedGaps.remove(span) }
        case .length(let request, let exception):
            guard lengths[request.table, default: LengthSearch()].found(request) else { return }
            noteLimit(of: request.table, exception, at: lastRefusal)
        }
    }

    /// Writes the limit of a table down as it is now.
    private mutating func noteLimit(of table: RegisterTable, _ exception: ModbusException?, at time: Timestamp?) {
        defer { update() }
        guard let length = lengths[table], let refused = length.refused else {
            if facts.dropLimit(of: table) { isNews = true }
            return
        }
        let kind = LearnedFact.Kind.limit(table, answered: length.answered, refused: refused)
        if let time { _ = hold(kind, exception, at: time) } else if facts.refine(kind) { isNews = true }
    }

    private mutating func hold(_ kind: LearnedFact.Kind, _ exception: ModbusException?, at time: Timestamp) -> Bool {
        let isHeld = facts.hold(
            LearnedFact(unit: unit, model: model, kind: kind, exception: exception, learned: time))
        if isHeld { isNews = true }
        return isHeld
    }

    private mutating func update() {
        var longest: [RegisterTable: Int] = [:]
        for table in RegisterTable.allCases {
            let length = lengths[table] ?? LengthSearch()
            longest[table] = length.limit ?? facts.presumedLimit(of: table).map { max(length.answered, $0) }
        }
        let next = ReadRestrictions(
            unreadable: facts.unreadable + apart.spans, cuts: search.cuts, longest: longest)
        // What is read apart and what is given up look the same to the planner, but not to the machine.
        if facts.takeChange() || next != restrictions { hasNewRestrictions = true }
        restrictions = next
    }
}

extension RegisterSpan {
    fileprivate func contains(_ other: RegisterSpan) -> Bool {
        table == other.table && addresses.contains(other.addresses)
    }
}
