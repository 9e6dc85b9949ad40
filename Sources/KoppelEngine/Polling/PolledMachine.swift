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
    var breaker = UnitBreaker()

    private let points: [Point]
    private let planner: ReadPlanner
    private var plans = PlanCache<PreparedRead>()
    private var trackers: [SignalTracker?]
    /// The latest readings of scale registers, for values that could not be planned into one read with theirs.
    private var scales: [Int: Decoded] = [:]
    private let scalePoints: Set<Int>
    private let rev: UInt32
    private let doubtsClock: Bool
    private var sweep = Sweep()
    private var decoded: [DecodedPoint] = []

    /// What a sweep has given so far.
    private struct Sweep: Sendable {
        var readings: [Reading] = []
        /// The indexes of readings that belong to the history alone.
        var momentary: [Int] = []
        var gaps: [SignalNumber: Gap] = [:]
    }

    /// - Parameters:
    ///   - settings: The machine as the site file has it.
    ///   - register: What the journal knows of it, for exactly the signals of ``PublishedSignals``.
    ///   - cost: What a read costs on its bus.
    ///   - doubtsClock: False if an unsynchronised clock is no reason for doubt.
    package init(settings: MachineSettings, register: MachineRegister, cost: BusCost, doubtsClock: Bool) {
        id = settings.id
        number = register.number
        unit = settings.unit
        timing = settings.profile.timing
        groups = PollGroup.groups(of: settings)
        points = settings.points
        planner = ReadPlanner(machine: settings, cost: cost)
        rev = register.rev
        self.doubtsClock = doubtsClock
        trackers = SignalTracker.trackers(for: settings, register: register)
        let scaleNames = Set(settings.points.compactMap(\.scaleRegister))
        scalePoints = Set(settings.points.indices.filter { scaleNames.contains(settings.points[$0].signal) })
    }

    /// Points that no request can read, with the reason; they are bad from the start.
    package var problems: [PlanningError] { planner.problems }

    // MARK: Start

    /// The first record of a run: each signal says that it waits, and what is missing since the last run is declared.
    package mutating func opening(time: Timestamp, history: JournalHistory, clock: ClockState) -> SweptRecord? {
        for index in trackers.indices {
            let gaps = trackers[index]?.open(time: time, history: history, into: &sweep.readings) ?? []
            for gap in gaps { declare(gap) }
        }
        for point in Set(planner.problems.flatMap(\.points)).sorted() {
            fail(point, .configError, now: .zero, time: time)
        }
        return takeRecord(clock: clock)
    }

    // MARK: Sweep

    /// The reads for these groups.
    mutating func plan(_ due: [Int]) -> [PreparedRead] {
        plans.plan(for: due) { [planner, groups, points] in
            planner.plan(due.flatMap { groups[$0].points }).map { PreparedRead($0, points: points) }
        }
    }

    /// Takes in what the device said.
    ///
    /// - Returns: True if the unit itself answered; false if a gateway said that it is absent.
    mutating func take(_ answer: ReadAnswer, for read: PreparedRead, now: Duration) -> Bool {
        switch answer.outcome {
        case .words(let words):
            decoded.removeAll(keepingCapacity: true)
            read.decoder.decode(words.span, earlierScales: scales, into: &decoded)
            for index in decoded.indices {
                let point = decoded[index].point
                if !scalePoints.isEmpty, scalePoints.contains(point) { scales[point] = decoded[index].decoded }
                guard read.isDue[index] else { continue }
                trackers[point]?.answered(
                    decoded[index].decoded, now: now, time: answer.time, into: &sweep.readings)
            }
            return true
        case .exception(let exception):
            let condition = Condition(exception)
            failed(read, condition: condition, now: now, time: answer.time)
            return condition != .gatewayPath && condition != .gatewayTarget
        }
    }

    /// The read got no answer, or no usable one.
    mutating func failed(_ read: PreparedRead, condition: Condition, now: Duration, time: Timestamp) {
        for covered in read.plan.points where covered.isDue { fail(covered.point, condition, now: now, time: time) }
    }

    private mutating func fail(_ point: Int, _ condition: Condition, now: Duration, time: Timestamp) {
        let isMomentary =
            trackers[point]?.failed(condition, now: now, time: time, into: &sweep.readings) ?? false
        if isMomentary { sweep.momentary.append(sweep.readings.count - 1) }
    }

    /// Lets time pass for the signals of these groups: what got no good answer for long becomes stale, then bad.
    mutating func tick(_ due: [Int], now: Duration, time: Timestamp) {
        for group in due {
            for point in groups[group].points { trackers[point]?.tick(now: now, time: time, into: &sweep.readings) }
        }
    }

    // MARK: Gaps

    /// Slots of a group went by unused.
    mutating func missed(_ count: Int, of group: Int, from: Timestamp, to: Timestamp) {
        for point in groups[group].points {
            for signal in trackers[point]?.signals ?? [] {
                declare(Gap(signal: signal, from: from, to: to, lost: UInt64(count), reason: .slotMissed))
            }
        }
    }

    /// The journal could not take this record: each of its readings is declared missing with the next one.
    package mutating func couldNotStore(_ record: SweepRecord) {
        for reading in record.readings {
            declare(
                Gap(signal: reading.signal, from: reading.time, to: reading.time, lost: 1, reason: .diskFault))
        }
        for gap in record.gaps { declare(gap) }
    }

    /// Gaps of one signal that wait for a record become one, from the first to the last missing reading; the
    /// graver reason wins.
    private mutating func declare(_ gap: Gap) {
        guard var known = sweep.gaps[gap.signal] else {
            sweep.gaps[gap.signal] = gap
            return
        }
        known.from = min(known.from, gap.from)
        known.to = max(known.to, gap.to)
        known.lost += gap.lost
        if gap.reason != .slotMissed { known.reason = gap.reason }
        sweep.gaps[gap.signal] = known
    }

    // MARK: Record

    /// What there is to store, if anything. Gaps wait until there is a reading they can travel with; all signals
    /// then store their next reading whatever it says.
    package mutating func takeRecord(clock: ClockState) -> SweptRecord? {
        guard !sweep.readings.isEmpty else {
            if !sweep.gaps.isEmpty { for index in trackers.indices { trackers[index]?.storeNext() } }
            return nil
        }
        if doubtsClock, clock == .unsynchronised {
            for index in sweep.readings.indices where sweep.readings[index].condition == .good {
                sweep.readings[index].condition = .clockUnsynchronised
            }
        }
        let record = SweepRecord(
            machine: number, rev: rev, clock: clock, readings: sweep.readings,
            gaps: sweep.gaps.values.sorted { $0.signal < $1.signal })
        defer {
            sweep = Sweep()
            sweep.readings.reserveCapacity(record.readings.count)
        }
        return SweptRecord(record: record, momentary: sweep.momentary)
    }
}

/// A record to store, and which of its readings do not change what those who watch live are told.
package struct SweptRecord: Sendable {
    package var record: SweepRecord
    /// Indexes in the record's readings, rising.
    package var momentary: [Int]

    package init(record: SweepRecord, momentary: [Int] = []) {
        self.record = record
        self.momentary = momentary
    }
}
