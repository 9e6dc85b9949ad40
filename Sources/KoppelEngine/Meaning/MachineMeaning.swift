internal import KoppelCore

/// What the signals of one machine mean: its state, alarms, counter events and windows (data model 3.6 to 3.10).
///
/// A pure value that is told what was read and gives what has to be stored. A machine without rules, counters or energy
/// has nothing here but a look at its readings for the agent's own alarms.
struct MachineMeaning: Sendable {
    /// What waits to be stored, at most so many; beyond it the oldest go, which their seq shows.
    private static let maximumWaiting = 4_096

    private var watched: [WatchedPoint] = []
    /// The index in ``watched`` by the index of the point, or -1.
    private var places: [Int32]
    private var state: StateKeeper?
    private var alarms: AlarmKeeper
    private var windows: WindowKeeper?
    private var eventSeq: UInt64
    private var waiting: [Occurrence] = []
    /// What the wall clock shows less the agent's time, in which all else is reckoned: windows are aligned to the wall.
    private var clockStep = Duration.zero
    private let names: [SignalNumber: SignalName]
    private let points: [Point]
    private let memory: MachineMemory
    private let windowLength: Duration
    private let settings: MachineSettings
    private let totals: [Int: Double]

    init(settings: MachineSettings, register: MachineRegister, window: Duration) {
        let profile = settings.profile
        var needed = Set(WindowKeeper.points(of: settings))
        let named = (profile.stateRule.map { StateLogic($0).signals } ?? []) + profile.alarms.map(\.signal)
        for signal in named {
            if let point = settings.points.firstIndex(where: { $0.signal == signal }) { needed.insert(point) }
        }
        for index in settings.points.indices where settings.points[index].counter != nil { needed.insert(index) }
        places = [Int32](repeating: -1, count: settings.points.count)
        for point in needed.sorted() {
            places[point] = Int32(watched.count)
            watched.append(WatchedPoint(point: point, of: settings))
        }
        let entries = PublishedSignals(points: settings.points).entries
        names = Dictionary(zip(register.signals, entries.map(\.name)), uniquingKeysWith: { first, _ in first })
        var totals: [Int: Double] = [:]
        for (entry, memory) in zip(entries, register.memories) {
            if case .total(let point) = entry.source { totals[point] = memory.value?.number }
        }
        self.totals = totals
        memory = register.machine
        eventSeq = memory.eventSeq
        points = settings.points
        windowLength = window
        self.settings = settings
        alarms = AlarmKeeper(rules: profile.alarms, watched: watched, points: settings.points, memory: memory)
        if let rule = profile.stateRule {
            state = StateKeeper(rule, watched: watched, isSimulated: settings.simulated, memory: memory.state)
        }
    }

    /// What the retained topics have to show at a connect, before anything new is known: each alarm there ever was,
    /// and no state where there is no rule for one any more.
    var retained: SweptRecord.Retained {
        SweptRecord.Retained(
            alarms: memory.alarms.values.sorted { $0.code < $1.code },
            clearsState: memory.state != nil && settings.profile.stateRule == nil)
    }

    /// The agent has started: what was open when it stopped goes on or is closed.
    mutating func open(time: Timestamp, clockStep: Duration) {
        self.clockStep = clockStep
        windows = WindowKeeper(
            settings: settings, watched: watched, length: windowLength, time: time.advanced(by: clockStep),
            memory: memory.window,
            totals: totals)
        if let window = memory.window, window.start != windows?.start { tell(completed(window)) }
        for alarm in alarms.takeOrphans(time: time, seq: &eventSeq) { tell(.alarm(alarm)) }
    }

    private func completed(_ window: MachineWindow) -> MachineWindow {
        var window = window.completed
        window.counts = AmountLogic.completed(window.counts)
        for index in window.counts.indices { window.counts[index].doubtTheEnd() }
        for index in window.energy.indices { window.energy[index].doubtTheEnd() }
        return window
    }

    /// True if something has to be known of this point.
    func watches(_ point: Int) -> Bool { places[point] >= 0 }

    mutating func answered(
        _ point: Int, _ decoded: Decoded, counted: SignalTracker.Counted?, now: Duration, time: Timestamp
    ) {
        let place = Int(places[point])
        let held = state?.held ?? (.unknown(cause: "unknown"), false)
        if let closed = windows?.answered(now: now, time: time.advanced(by: clockStep), held: held) { tell(closed) }
        watched[place].answered(decoded, now: now, time: time)
        windows?.take(decoded, of: point, counted: counted, now: now)
        if let counted, let event = event(counted, of: point, time: time) { tell(.counter(event)) }
        for alarm in alarms.take(decoded, of: place, time: time, seq: &eventSeq) { tell(.alarm(alarm)) }
    }

    mutating func failed(_ point: Int, _ condition: Condition, now: Duration, time: Timestamp) {
        watched[Int(places[point])].failed(condition, now: now, time: time)
    }

    /// The sweep is over, or time has just passed.
    mutating func tick(now: Duration, time: Timestamp) {
        guard !watched.isEmpty else { return }
        for index in watched.indices { watched[index].tick(now: now, time: time) }
        if let closed = windows?.passed(now: now, time: time.advanced(by: clockStep)) { tell(closed) }
        if let next = state?.judge(watched, now: now, time: time) { tell(.state(next)) }
        if let open = windows?.checkpoint(now: now) { tell(open) }
    }

    /// Polling ends: the open window goes on in the next run.
    mutating func close(now: Duration) {
        if let open = windows?.checkpoint(now: now, isDue: true) { tell(open) }
    }

    /// The wall clock became doubtful or trusted, or was set.
    mutating func clockChanged(isDoubtful: Bool, step: Duration) {
        clockStep = step
        state?.clockChanged(isDoubtful: isDoubtful)
    }

    /// What has to be stored, with the readings it came from.
    mutating func take(with readings: [Reading]) -> [Occurrence] {
        if !readings.isEmpty {
            for alarm in alarms.watch(readings, name: { names[$0] }, seq: &eventSeq) { tell(.alarm(alarm)) }
        }
        guard !waiting.isEmpty else { return [] }
        defer { waiting = [] }
        return waiting
    }

    /// What the journal could not take is stored with the next record, before what came later.
    mutating func couldNotStore(_ occurrences: [Occurrence]) {
        waiting = occurrences + waiting
        waiting.removeFirst(max(0, waiting.count - Self.maximumWaiting))
    }

    /// A window is on the wall clock already; its record is moved there as a whole.
    private mutating func tell(_ window: MachineWindow) {
        var occurrence = Occurrence.window(window)
        occurrence.moveTimes(by: .zero - clockStep)
        tell(occurrence)
    }

    private mutating func tell(_ occurrence: Occurrence) {
        waiting.append(occurrence)
        if waiting.count > Self.maximumWaiting { waiting.removeFirst() }
    }

    private mutating func event(
        _ counted: SignalTracker.Counted, of point: Int, time: Timestamp
    ) -> CounterEvent? {
        guard let before = counted.before, let verdict = CounterEvent.Verdict(counted.step.verdict) else { return nil }
        eventSeq += 1
        return CounterEvent(
            seq: eventSeq, signal: points[point].signal, before: before, after: counted.after, verdict: verdict,
            credited: counted.step.credit, time: time)
    }
}

extension CounterEvent.Verdict {
    /// `nil` where the counter just went on.
    fileprivate init?(_ verdict: CounterLogic.Verdict) {
        switch verdict {
        case .first, .counted: return nil
        case .rollover: self = .rollover
        case .reset: self = .reset
        case .gap: self = .gap
        }
    }
}

extension MachineWindow.Amount {
    /// Nobody knows what came after the last word of a window.
    fileprivate mutating func doubtTheEnd() {
        if condition == .good || condition == .derived { condition = .fewGoodSamples }
    }
}
