internal import KoppelCore
internal import Logging

/// The state of one run of a ``BusService``: what is due is read, machine by machine, one question at a time.
struct BusPolling<C: Clock> where C.Duration == Duration {
    let bus: BusSettings
    let parts: BusService<C>.Parts
    private let clock: C
    private let storeInterval: Duration
    private let longestWait: Duration
    private let mostUnstored: Int
    private let start: C.Instant
    var machines: [PolledMachine]
    var units: [PolledUnit]
    /// The place in `units` of each machine's unit. Two machines may share one.
    let unitOfMachine: [Int]
    /// Which machine and which of its groups each item of the schedule is.
    private let items: [(machine: Int, group: Int)]
    /// Something on the bus is read as fast as the bus takes it.
    private let isUnpaced: Bool
    private var schedule: Schedule
    /// What is still to be polled in this sweep.
    private var waiting: ArraySlice<Turn> = []
    /// For each machine the read to begin with: not the first one if its unit was held back before the others.
    private var firstRead: [Int]
    var link = LinkState()
    var figures = BusFigures()
    private var unstored: [SweptRecord] = []
    private var unstoredReadings = 0
    private var lastStore = Duration.zero
    /// How long storing took last.
    private var storeTime = Duration.zero
    /// No signal of any machine grows old before this moment.
    private var nextAge: Duration?
    /// False if the last sweep put nothing on the wire, not even an attempt to connect.
    var hasAsked = true

    /// A machine's turn in a sweep.
    struct Turn {
        let machine: Int
        var groups: [Int] = []
        /// The slots it stands for, one for each group.
        var slots: [Duration] = []
        /// When the next slot of one of them begins.
        var end = Duration.zero
    }

    init(service: BusService<C>) {
        bus = service.bus
        parts = service.parts
        clock = service.clock
        storeInterval = service.storeInterval
        longestWait = service.longestWait
        mostUnstored = service.mostUnstored
        start = service.clock.now
        let machines = service.machines
        (units, unitOfMachine) = PolledUnit.units(of: service.machines, on: service.bus)
        firstRead = Array(repeating: 0, count: service.machines.count)
        var items: [(machine: Int, group: Int)] = []
        var slots: [Schedule.Item] = []
        let phases = SlotPhases.phases(machines.indices.map { machines[$0].sweepTime() })
        for (machine, polled) in machines.enumerated() {
            for (group, points) in polled.groups.enumerated() {
                // Configuration allows no interval below the shortest; each item has its slot whatever it says.
                let interval = points.interval <= .zero ? .zero : max(points.interval, Schedule.shortestInterval)
                let phase = SlotPhases.phase(phases[machine], interval: interval)
                guard let slot = Schedule.Item(interval: interval, phase: phase) else { continue }
                items.append((machine, group))
                slots.append(slot)
            }
        }
        self.machines = machines
        self.items = items
        isUnpaced = slots.contains { $0.interval == .zero }
        schedule = Schedule(slots)
    }

    var now: Duration { start.duration(to: clock.now) }

    mutating func run() async {
        while !Task.isCancelled, var next = schedule.nextDue {
            // What is due without a pause would else spin while nothing can be asked.
            if !hasAsked { next = max(next, now + Schedule.shortestInterval) }
            let wake = nextAge.map { min($0, next) } ?? next
            if wake > now {
                await parts.link.rest(for: next - now)
                do { try await clock.sleep(until: start.advanced(by: wake), tolerance: nil) } catch { break }
            }
            letTimePass()
            if now < next {
                await store()
                continue
            }
            hasAsked = false
            await sweep(schedule.takeDue(now: now))
            await postFigures()
            if isUnpaced { await takePaceOfDelivery() }
        }
        await end()
    }

    /// What was due and not asked any more is declared, and everything is stored.
    private mutating func end() async {
        for due in schedule.takeDue(now: now) {
            let (machine, group) = items[due.item]
            if let slots = due.missedSlots { miss(slots, due.missed, of: group, machine) }
            if machines[machine].groups[group].interval > .zero {
                miss(due.slot...due.slot, 1, of: group, machine, reason: .agentStopped)
            }
        }
        await store()
        for index in machines.indices {
            machines[index].close(now: now, time: parts.wallClock.now)
            takeRecord(of: index)
        }
        await store()
        await parts.link.close()
    }

    /// A bus without a pace of its own takes that of delivery, as long as one follows: reading faster than a
    /// destination takes would only make each value older. It waits at most 20 ms after each sweep.
    private func takePaceOfDelivery() async {
        for _ in 0..<20 {
            guard let backlog = parts.sink.liveBacklog, backlog > 8_192 else { return }
            do { try await clock.sleep(for: .milliseconds(1)) } catch { return }
        }
    }

    // MARK: Sweep

    /// Reads what is due: first the units that keep to their share, then those that have used it up.
    private mutating func sweep(_ due: [Schedule.Due]) async {
        waiting = turns(due)[...]
        while let turn = waiting.popFirst() {
            if Task.isCancelled {
                for (group, slot) in zip(turn.groups, turn.slots) {
                    miss(slot...slot, 1, of: group, turn.machine, reason: .agentStopped)
                }
                continue
            }
            await poll(turn)
            if isTimeToStore { await store() }
        }
        // A bus that has no time to spare goes on reading for a little while.
        let isBusy = schedule.nextDue.map { $0 <= now } ?? false
        if !isBusy || isTimeToStore(after: .zero) { await store() }
    }

    private var isTimeToStore: Bool { isTimeToStore(after: storeInterval) }

    /// A fast bus reaches the bound of what may wait long before storing costs it much.
    private func isTimeToStore(after interval: Duration) -> Bool {
        unstoredReadings >= mostUnstored || now - lastStore >= min(max(interval, storeTime * 40), longestWait)
    }

    private mutating func turns(_ due: [Schedule.Due]) -> [Turn] {
        var turns: [Turn] = []
        for one in due {
            let (machine, group) = items[one.item]
            if let slots = one.missedSlots {
                miss(slots, one.missed, of: group, machine)
                units[unitOfMachine[machine]].missed(one.missed)
            }
            let end = schedule.nextSlot(of: one.item)
            if turns.last?.machine != machine { turns.append(Turn(machine: machine, end: end)) }
            let last = turns.count - 1
            turns[last].groups.append(group)
            turns[last].slots.append(one.slot)
            turns[last].end = min(turns[last].end, end)
        }
        let now = now
        guard turns.contains(where: { !isWell($0, now) }) else { return turns }
        return turns.filter { isWell($0, now) } + turns.filter { !isWell($0, now) }
    }

    private func isWell(_ turn: Turn, _ now: Duration) -> Bool { units[unitOfMachine[turn.machine]].isWell(now: now) }

    /// Declares slots that went by, at the moments they had on the wall clock as far as it can be trusted now. The
    /// clock is read once, so that a step of it cannot turn the gap around.
    private mutating func miss(
        _ slots: ClosedRange<Duration>, _ count: Int, of group: Int, _ machine: Int, reason: GapReason = .slotMissed
    ) {
        let (wall, now) = (parts.wallClock.now, now)
        machines[machine].missed(
            count, of: group, from: wall.advanced(by: slots.lowerBound - now),
            to: wall.advanced(by: slots.upperBound - now), reason: reason)
    }

    private mutating func poll(_ turn: Turn) async {
        if await findLayout(turn) { await read(turn) }
        parts.facts.exchange(&machines[turn.machine])
        expectAge(of: turn.machine)
        takeRecord(of: turn.machine)
    }

    private mutating func read(_ turn: Turn) async {
        let machine = turn.machine
        let reads = machines[machine].plan(turn.groups)
        let first = reads.isEmpty ? 0 : firstRead[machine] % reads.count
        firstRead[machine] = 0
        var heldBack: Int?
        var wasAsked = false
        let layout = machines[machine].layoutEdition
        for step in reads.indices {
            let index = (first + step) % reads.count
            if Task.isCancelled {
                notAsked(reads[index], turn, .agentStopped)
                continue
            }
            if machines[machine].layoutEdition != layout {
                notAsked(reads[index], turn, .slotMissed)
                continue
            }
            switch await ask(machine, reads[index], until: turn.end) {
            case .answered, .failed: wasAsked = true
            case .stopped: notAsked(reads[index], turn, .agentStopped)
            case .heldBack:
                heldBack = heldBack ?? index
                notAsked(reads[index], turn, .slotMissed)
            }
            letTimePass()
            // A unit with many reads on a slow line may take minutes.
            if isTimeToStore {
                takeRecord(of: machine)
                await store()
            }
        }
        if let heldBack {
            firstRead[machine] = heldBack
            units[unitOfMachine[machine]].missed(1)
        }
        // What was only held back is declared with its next reading, which is never far.
        if wasAsked || heldBack == nil { machines[machine].tick(turn.groups, now: now, time: parts.wallClock.now) }
    }

    mutating func notAsked(_ read: PreparedRead, _ turn: Turn, _ reason: GapReason) {
        let slot = turn.slots.min() ?? now
        machines[turn.machine].notAsked(read, slot: parts.wallClock.now.advanced(by: slot - now), reason: reason)
    }

    /// Ages are reached by themselves, whatever is being read (field rule P43).
    mutating func letTimePass() {
        let now = now
        guard let due = nextAge, due <= now else { return }
        nextAge = nil
        for index in machines.indices {
            if machines[index].nextAge.map({ $0 <= now }) == true {
                machines[index].age(now: now, time: parts.wallClock.now)
                takeRecord(of: index)
            }
            expectAge(of: index)
        }
    }

    private mutating func expectAge(of machine: Int) {
        guard let age = machines[machine].nextAge else { return }
        nextAge = nextAge.map { min($0, age) } ?? age
    }

    /// When the next of the others wants the bus that answers and keeps to its share; the past if one waits now.
    func wantedAt(besides unit: Int) -> Duration {
        let now = now
        func counts(_ machine: Int) -> Bool {
            let other = unitOfMachine[machine]
            return other != unit && units[other].isWell(now: now)
        }
        if waiting.contains(where: { counts($0.machine) }) { return .zero }
        var earliest = Duration.nanoseconds(Int64.max)
        for (item, place) in items.enumerated() where counts(place.machine) {
            earliest = min(earliest, schedule.nextSlot(of: item))
        }
        return earliest
    }

    // MARK: Store

    private mutating func takeRecord(of machine: Int) {
        guard let record = machines[machine].takeRecord(clock: parts.wallClock.reading) else { return }
        unstoredReadings += record.record.readings.count
        unstored.append(record)
    }

    private mutating func store() async {
        lastStore = now
        guard !unstored.isEmpty else { return }
        defer {
            storeTime = now - lastStore
            lastStore = now
        }
        let refused = await parts.sink.store(unstored)
        for record in refused {
            guard let machine = machines.firstIndex(where: { $0.number == record.record.machine }) else { continue }
            machines[machine].couldNotStore(record.record)
        }
        unstored.removeAll(keepingCapacity: true)
        unstoredReadings = 0
    }
}
