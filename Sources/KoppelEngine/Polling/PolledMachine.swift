package import KoppelCore

/// One machine as its bus polls it: what to read, and what became of it.
///
/// A pure value: it is told answers, failures and the time, and gives the record to store. Bounded by the number of
/// its signals.
package struct PolledMachine: Sendable {
    package let id: Identifier
    package let number: MachineNumber
    package let unit: UnitID
    package let timing: UnitTiming
    /// The points by their interval, shortest first.
    package let groups: [PollGroup]
    package let polling: PollingRules
    /// The earliest moment at which a signal may have become too old, on the monotonic clock since the bus began. It may
    /// be too early, never too late; `nil` if no signal is growing old.
    private(set) var nextAge: Duration?

    /// The machine as the site file has it, and as it lies in the device.
    let settings: MachineSettings
    var located: LocatedMachine
    let cost: BusCost
    /// Finds out where the points lie; `nil` if the profile says it.
    var layout: LayoutSearch?
    var layoutNews: LayoutNews?
    /// Counts the layouts it had: reads that were planned for an earlier one mean nothing.
    var layoutEdition = 0
    private var planner: ReadPlanner
    private var plans = PlanCache<PreparedRead>()
    private var trackers: [SignalTracker?]
    private var meaning: MachineMeaning
    /// The latest readings of scale registers and statuses, for values that could not be planned into one read with them.
    private var companions: [Int: Decoded] = [:]
    private let companionPoints: Set<Int>
    private let shortestAge: Duration
    /// Signals have something to tell at the next chance, whatever happens.
    private var owesReadings = false
    private let rev: UInt32
    private let doubtsClock: Bool
    private var isClockDoubtful = false
    /// By how much the wall clock was set when the last record was made.
    private var clockStep = Duration.zero
    /// The agent's own time less the time since boot.
    private var clockAnchor = Duration.zero
    /// What is missing since the last run cannot be counted before a trusted clock is there.
    private var uncounted: (opened: Timestamp, history: JournalHistory)?
    private var sweep = SweepDraft()
    private var decoded: [DecodedPoint] = []
    /// What the unit taught by its refusals.
    var learning: UnitLearning
    /// Which state of the ``FactBoard`` it has seen.
    var seenFacts = -1
    /// For each point that is not asked, what the unit said of it when it was, or why it cannot be.
    private(set) var givenUp: [Int: Condition] = [:]

    /// - Parameters:
    ///   - settings: The machine as the site file has it.
    ///   - register: What the journal knows of it, for exactly the signals of ``PublishedSignals``.
    ///   - cost: What a read costs on its bus.
    ///   - doubtsClock: False if an unsynchronised clock is no reason for doubt.
    ///   - facts: What was learned before.
    ///   - window: How long a window of states and counts is.
    package init(
        settings: MachineSettings, register: MachineRegister, cost: BusCost, doubtsClock: Bool,
        facts: FactBoard = FactBoard(), window: Duration = AgentSettings.usualWindow
    ) {
        id = settings.id
        number = register.number
        unit = settings.unit
        timing = settings.profile.timing
        polling = settings.polling
        groups = PollGroup.groups(of: settings)
        self.settings = settings
        self.cost = cost
        located = LocatedMachine(settings: settings)
        layout = settings.profile.layout.map { _ in LayoutSearch(unit: settings.unit) }
        learning = UnitLearning(machine: settings, facts: facts)
        planner = ReadPlanner(located, cost: cost, restrictions: learning.restrictions)
        rev = register.rev
        self.doubtsClock = doubtsClock
        trackers = SignalTracker.trackers(for: settings, register: register)
        shortestAge = trackers.compactMap { $0?.shortestAge }.min() ?? .seconds(30)
        meaning = MachineMeaning(settings: settings, register: register, window: window)
        let needed = Set(settings.points.flatMap(\.companions))
        companionPoints = Set(settings.points.indices.filter { needed.contains(settings.points[$0].signal) })
    }

    /// Points that no request can read, with the reason; they are bad.
    package var problems: [PlanningError] { planner.problems }

    // MARK: Start

    /// The first record of a run: each signal says that it waits, and what is missing since the last run is declared.
    package mutating func opening(time: Timestamp, history: JournalHistory, clock: ClockReading) -> SweptRecord? {
        (clockStep, clockAnchor) = (clock.step, clock.offset - clock.step)
        if history.lastAlive == nil, history.lastAliveOnWall != nil { uncounted = (time, history) }
        for index in trackers.indices {
            let gaps = trackers[index]?.open(time: time, history: history, into: &sweep.readings) ?? []
            for gap in gaps { sweep.declare(gap) }
        }
        for point in Set(planner.problems.flatMap(\.points)).sorted() {
            fail(point, .configError, now: .zero, time: time)
        }
        meaning.open(time: time, clockStep: clock.step)
        var record = takeRecord(clock: clock)
        record?.retained = meaning.retained
        return record
    }

    // MARK: Sweep

    /// The reads for these groups.
    mutating func plan(_ due: [Int]) -> [PreparedRead] {
        if learning.takeNews() { replan() }
        return plans.plan(for: due) { [planner, groups, located, givenUp] in
            planner.plan(due.flatMap { groups[$0].points }.filter { givenUp[$0] == nil })
                .map { PreparedRead($0, points: located.settings.points) }
        }
    }

    /// The predicted time of a sweep of everything.
    func sweepTime() -> Duration {
        planner.plan(groups.flatMap(\.points)).reduce(.zero) { $0 + $1.time }
    }

    /// Takes in what the device said.
    ///
    /// - Returns: `nil` if the unit itself answered. Else why it is better left alone for a while: a gateway calls it
    ///   absent (field rule P18), or it is busy.
    mutating func take(_ answer: ReadAnswer, for read: PreparedRead, now: Duration) -> Condition? {
        expectAge(now + shortestAge)
        if read.asksForLayout { return take(layout: answer, for: read, now: now) }
        switch answer.outcome {
        case .words(let words):
            learning.answered(read.plan.request)
            decoded.removeAll(keepingCapacity: true)
            read.decoder.decode(words.span, earlier: companions, into: &decoded)
            for index in decoded.indices {
                let point = decoded[index].point
                if !companionPoints.isEmpty, companionPoints.contains(point) {
                    companions[point] = decoded[index].decoded
                }
                guard read.isDue[index] else { continue }
                trackers[point]?.answered(
                    decoded[index].decoded, now: now, time: answer.time, into: &sweep.readings)
                guard meaning.watches(point) else { continue }
                meaning.answered(
                    point, decoded[index].decoded, counted: trackers[point]?.counted, now: now, time: answer.time)
            }
            return nil
        case .exception(let exception):
            let condition = Condition(exception)
            let searched = refused(read, exception, time: answer.time)
            if condition == .illegalAddress { layout?.refused(now: now) }
            tell(read, condition, searched: searched, now: now, time: answer.time)
            return condition.asksForPause ? condition : nil
        }
    }

    private mutating func take(layout answer: ReadAnswer, for read: PreparedRead, now: Duration) -> Condition? {
        if case .exception(let exception) = answer.outcome, Condition(exception).asksForPause {
            let condition = Condition(exception)
            tell(read, condition, now: now, time: answer.time)
            return condition
        }
        tookLayout(answer, now: now)
        return nil
    }

    /// The read got no answer, or no usable one.
    mutating func failed(_ read: PreparedRead, condition: Condition, now: Duration, time: Timestamp) {
        layout?.unanswered()
        tell(read, condition, now: now, time: time)
    }

    /// Of the `searched` points one or none is refused, and the next plans find out which.
    private mutating func tell(
        _ read: PreparedRead, _ condition: Condition, searched: Set<Int> = [], now: Duration, time: Timestamp
    ) {
        // Silence after a refusal may be old already.
        expectAge(now)
        for covered in read.plan.points where covered.isDue {
            let isSearching = searched.contains(covered.point)
            fail(covered.point, condition, isSearching: isSearching, now: now, time: time)
        }
    }

    private mutating func fail(
        _ point: Int, _ condition: Condition, isSearching: Bool = false, now: Duration, time: Timestamp
    ) {
        sweep.note(
            isMomentary: trackers[point]?.failed(
                condition, isSearching: isSearching, now: now, time: time, into: &sweep.readings))
        if !isSearching, meaning.watches(point) { meaning.failed(point, condition, now: now, time: time) }
    }

    /// The signals that got no good answer for long become stale, then bad (field rule P43); what is owed is told.
    mutating func age(now: Duration, time: Timestamp) {
        nextAge = nil
        owesReadings = false
        for point in trackers.indices {
            sweep.note(isMomentary: trackers[point]?.tick(now: now, time: time, into: &sweep.readings))
            // Not at once again: an age is told within 10 ms of its moment, and nothing spins.
            if let age = trackers[point]?.nextAge { expectAge(max(age, now + .milliseconds(10))) }
        }
        meaning.tick(now: now, time: time)
    }

    private mutating func expectAge(_ age: Duration) { nextAge = nextAge.map { min($0, age) } ?? age }

    /// The groups were polled: what grew old is told, and what is to be declared gets a reading to travel with.
    mutating func tick(_ due: [Int], now: Duration, time: Timestamp) {
        learning.tick(now: now, time: time)
        if !givenUp.isEmpty {
            for point in due.flatMap({ groups[$0].points }) {
                if let condition = givenUp[point] { fail(point, condition, now: now, time: time) }
            }
        }
        if owesReadings || nextAge.map({ $0 <= now }) == true { age(now: now, time: time) }
        meaning.tick(now: now, time: time)
        // Gaps only travel with a reading, and a unit that never answers again gives none by itself.
        guard !sweep.gaps.isEmpty, sweep.readings.isEmpty else { return }
        guard let point = due.flatMap({ groups[$0].points }).first(where: { trackers[$0] != nil }) else { return }
        sweep.note(isMomentary: trackers[point]?.tellAgain(now: now, time: time, into: &sweep.readings))
    }

    /// Polling ends: what is still to be declared, or could not be stored, is told now.
    mutating func close(now: Duration, time: Timestamp) {
        if !sweep.gaps.isEmpty { tick(Array(groups.indices), now: now, time: time) }
        meaning.close(now: now)
    }

    // MARK: Learning

    /// What is asked for to read a point with all that has to come with it; `nil` if no request can.
    func span(of point: Int) -> RegisterSpan? { planner.span(of: point) }

    /// The unit was asked and gave no answer in time.
    mutating func wasSilent(to read: PreparedRead, time: Timestamp) {
        learning.unanswered(read.plan.request, time: time)
    }

    /// What the unit has taught, if that changed since it was last asked for.
    mutating func takeLessons() -> [LearnedFact]? { learning.takeFacts() }

    /// What other units of the same model teach.
    mutating func presume(_ facts: [LearnedFact]) {
        // Of addresses that only the other unit has.
        if layout == nil { learning.presume(facts) }
    }

    /// Takes in a refusal.
    ///
    /// - Returns: The due points of the read that are not to blame as far as is known.
    private mutating func refused(_ read: PreparedRead, _ exception: ModbusException, time: Timestamp) -> Set<Int> {
        let due = read.plan.points.filter(\.isDue).map(\.point)
        let widest = due.filter { planner.span(of: $0) == read.plan.request.block }
        let ruling = learning.refused(
            read.plan.request, exception, halves: planner.halves(of: read.plan).map(\.request),
            values: due.compactMap { planner.span(of: $0)?.range },
            hasDelivered: widest.contains { trackers[$0]?.hasDelivered ?? (companions[$0]?.value != nil) }, time: time)
        return switch ruling {
        case .searching: Set(due)
        case .widest: Set(due).subtracting(widest)
        case .final: []
        }
    }

    mutating func replan() {
        planner = ReadPlanner(located, cost: cost, restrictions: learning.restrictions)
        plans = PlanCache()
        givenUp = located.absent
        for point in planner.problems.flatMap(\.points) where givenUp[point] == nil { givenUp[point] = .configError }
        for point in trackers.indices where givenUp[point] == nil && trackers[point]?.hasDelivered != true {
            givenUp[point] = learning.refusal(of: planner.span(of: point))
        }
    }

    mutating func forgetCompanions() { companions = [:] }

    // MARK: Gaps

    /// Slots of a group went by unused.
    mutating func missed(
        _ count: Int, of group: Int, from: Timestamp, to: Timestamp, reason: GapReason = .slotMissed
    ) {
        for point in groups[group].points { miss(point, count, from: from, to: to, reason: reason) }
    }

    /// This read of a slot was not asked: its due points miss one reading each. What has no pace misses no slots.
    mutating func notAsked(_ read: PreparedRead, slot: Timestamp, reason: GapReason) {
        let unpaced = groups.first.flatMap { $0.interval == .zero && reason == .slotMissed ? $0.points : nil } ?? []
        for covered in read.plan.points where covered.isDue && !unpaced.contains(covered.point) {
            miss(covered.point, 1, from: slot, to: slot, reason: reason)
        }
    }

    private mutating func miss(_ point: Int, _ count: Int, from: Timestamp, to: Timestamp, reason: GapReason) {
        for signal in trackers[point]?.signals ?? [] {
            sweep.declare(Gap(signal: signal, from: from, to: to, lost: UInt64(count), reason: reason))
        }
    }

    /// The journal could not take this record: each of its readings is declared missing with the next one, and what
    /// they said is told again.
    package mutating func couldNotStore(_ record: SweepRecord) {
        var record = record
        record.moveTimes(by: clockAnchor - record.offset)
        for reading in record.readings {
            sweep.declare(
                Gap(signal: reading.signal, from: reading.time, to: reading.time, lost: 1, reason: .diskFault))
        }
        for gap in record.gaps { sweep.declare(gap) }
        meaning.couldNotStore(record.occurrences)
        let signals = Set(record.readings.map(\.signal))
        for index in trackers.indices where trackers[index]?.signals.contains(where: signals.contains) == true {
            trackers[index]?.couldNotStore()
        }
        owesReadings = true
    }

    // MARK: Record

    /// What there is to store, if anything. Gaps wait until there is a reading they can travel with.
    ///
    /// All that came so far is on the agent's own time; the record is on the wall clock as it stands now.
    package mutating func takeRecord(clock: ClockReading) -> SweptRecord? {
        note(clock)
        let occurrences = meaning.take(with: sweep.readings)
        guard !sweep.readings.isEmpty || !occurrences.isEmpty else { return nil }
        if isClockDoubtful {
            for index in sweep.readings.indices where sweep.readings[index].condition == .good {
                sweep.readings[index].condition = .clockUnsynchronised
            }
        }
        var record = SweepRecord(
            machine: number, rev: rev, clock: clock.state, offset: clock.offset, readings: sweep.readings,
            gaps: sweep.gapsToTell, occurrences: occurrences)
        record.moveTimes(by: clock.step)
        defer { sweep = SweepDraft(after: sweep) }
        return SweptRecord(record: record, momentary: sweep.momentary)
    }

    /// Where trust in the clock comes or goes, or the clock was set, everything that is shown is told again with the
    /// time and the quality it has now.
    private mutating func note(_ clock: ClockReading) {
        let isDoubtful = doubtsClock && clock.state == .unsynchronised
        if isDoubtful != isClockDoubtful || clock.step != clockStep {
            isClockDoubtful = isDoubtful
            clockStep = clock.step
            for index in trackers.indices { trackers[index]?.clockChanged() }
            owesReadings = true
            meaning.clockChanged(isDoubtful: isDoubtful, step: clock.step)
        }
        guard !isDoubtful, let (opened, history) = uncounted, let wall = history.lastAliveOnWall else { return }
        uncounted = nil
        let from = wall.advanced(by: .zero - clock.step)
        for index in trackers.indices {
            let gaps = trackers[index]?.countedGaps(from: from, to: opened, history: history) ?? []
            for gap in gaps { sweep.declare(gap) }
        }
    }
}
