package import KoppelCore
internal import Logging

/// Polls the machines on one bus: what is due, planned into as few reads as possible, one at a time.
///
/// What is read is stored before anything else is read: the wait for the journal is the only back-pressure, and a
/// slow disk shows up as missed slots, which are declared. A bus never affects another one.
package struct BusService<C: Clock>: Sendable where C.Duration == Duration {
    package struct Parts: Sendable {
        package var link: any ModbusLink
        package var sink: ReadingSink
        package var wallClock: WallClock
        /// Chance for back-off pauses: a number from 0.5 to 1.
        package var jitter: @Sendable () -> Double
        /// What the units of the site teach.
        package var facts: FactBoard

        package init(
            link: any ModbusLink, sink: ReadingSink, wallClock: WallClock, jitter: @escaping @Sendable () -> Double,
            facts: FactBoard = FactBoard()
        ) {
            self.facts = facts
            self.jitter = jitter
            self.link = link
            self.sink = sink
            self.wallClock = wallClock
        }
    }

    let bus: BusSettings
    let machines: [PolledMachine]
    let parts: Parts
    let clock: C
    /// What is read is stored about this often while a sweep goes on, and seldomer on a slow disk: storing takes at most
    /// a fortieth of the time of a busy bus, as long as nothing read waits more than ``longestWait``.
    let storeInterval: Duration = .milliseconds(100)
    let longestWait: Duration = .seconds(1)

    package init(bus: BusSettings, machines: [PolledMachine], parts: Parts, clock: C) {
        self.bus = bus
        self.machines = machines
        self.parts = parts
        self.clock = clock
    }

    /// Polls until the task is cancelled. Everything read by then is stored before it returns.
    package func run() async {
        guard !machines.isEmpty else { return }
        await withTaskExecutorPreference(parts.link.executor) {
            var polling = BusPolling(service: self)
            await polling.run()
        }
    }
}

/// The state of one run of a ``BusService``.
private struct BusPolling<C: Clock> where C.Duration == Duration {
    private let bus: BusSettings
    private let parts: BusService<C>.Parts
    private let clock: C
    private let storeInterval: Duration
    private let longestWait: Duration
    private let start: C.Instant
    private var machines: [PolledMachine]
    /// Which machine and which of its groups each item of the schedule is.
    private let items: [(machine: Int, group: Int)]
    private var schedule: Schedule
    private var link: LinkState
    private var unstored: [SweptRecord] = []
    private var lastStore = Duration.zero
    /// How long storing took last.
    private var storeTime = Duration.zero
    /// False if the last sweep put nothing on the wire, not even an attempt to connect.
    private var hasAsked = true

    init(service: BusService<C>) {
        bus = service.bus
        parts = service.parts
        clock = service.clock
        storeInterval = service.storeInterval
        longestWait = service.longestWait
        start = service.clock.now
        machines = service.machines
        var items: [(machine: Int, group: Int)] = []
        var slots: [Schedule.Item] = []
        for (machine, polled) in service.machines.enumerated() {
            for (group, points) in polled.groups.enumerated() {
                // Configuration allows no interval below the shortest; each item has its slot whatever it says.
                let interval = points.interval <= .zero ? .zero : max(points.interval, Schedule.shortestInterval)
                guard let slot = Schedule.Item(interval: interval) else { continue }
                items.append((machine, group))
                slots.append(slot)
            }
        }
        self.items = items
        schedule = Schedule(slots)
        link = LinkState()
    }

    private var now: Duration { start.duration(to: clock.now) }

    /// Something on the bus is read as fast as the bus takes it.
    private var isUnpaced: Bool {
        items.contains { machines[$0.machine].groups[$0.group].interval == .zero }
    }

    mutating func run() async {
        while !Task.isCancelled, var next = schedule.nextDue {
            // What is due without a pause would else spin while nothing can be asked.
            if !hasAsked { next = max(next, now + Schedule.shortestInterval) }
            hasAsked = false
            if next > now {
                await parts.link.rest(for: next - now)
                do { try await clock.sleep(until: start.advanced(by: next), tolerance: nil) } catch { break }
            }
            await sweep(schedule.takeDue(now: now))
            if isUnpaced { await takePaceOfDelivery() }
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

    /// Reads what is due, machine by machine.
    private mutating func sweep(_ due: [Schedule.Due]) async {
        var index = 0
        while index < due.count, !Task.isCancelled {
            let machine = items[due[index].item].machine
            var groups: [Int] = []
            while index < due.count, items[due[index].item].machine == machine {
                let group = items[due[index].item].group
                groups.append(group)
                if let slots = due[index].missedSlots { miss(slots, due[index].missed, of: group, machine) }
                index += 1
            }
            await poll(machine, groups)
            if isTimeToStore { await store() }
        }
        // A bus that has no time to spare goes on reading for a little while.
        let isBusy = schedule.nextDue.map { $0 <= now } ?? false
        if !isBusy || now - lastStore >= min(storeTime * 40, longestWait) { await store() }
    }

    private var isTimeToStore: Bool {
        now - lastStore >= min(max(storeInterval, storeTime * 40), longestWait)
    }

    /// Declares slots that went by, at the moments they had on the wall clock as far as it can be trusted now. The
    /// clock is read once, so that a step of it cannot turn the gap around.
    private mutating func miss(_ slots: ClosedRange<Duration>, _ count: Int, of group: Int, _ machine: Int) {
        let (wall, now) = (parts.wallClock.now, now)
        machines[machine].missed(
            count, of: group, from: wall.advanced(by: slots.lowerBound - now),
            to: wall.advanced(by: slots.upperBound - now))
    }

    private mutating func poll(_ machine: Int, _ groups: [Int]) async {
        let reads = machines[machine].plan(groups)
        for read in reads {
            if Task.isCancelled { break }
            await ask(machine, read)
            // A unit with many reads on a slow line may take minutes.
            if isTimeToStore {
                takeRecord(of: machine)
                await store()
            }
        }
        machines[machine].tick(groups, now: now, time: parts.wallClock.now)
        parts.facts.exchange(&machines[machine])
        takeRecord(of: machine)
    }

    private mutating func takeRecord(of machine: Int) {
        if let record = machines[machine].takeRecord(clock: parts.wallClock.reading) { unstored.append(record) }
    }

    private mutating func ask(_ machine: Int, _ read: PreparedRead) async {
        if let condition = await openLink() {
            machines[machine].failed(read, condition: condition, now: now, time: parts.wallClock.now)
            return
        }
        guard machines[machine].breaker.mayAsk(now: now) else {
            let condition = machines[machine].breaker.condition
            machines[machine].failed(read, condition: condition, now: now, time: parts.wallClock.now)
            return
        }
        hasAsked = true
        let timing = machines[machine].timing
        do throws(BusError) {
            let answer = try await parts.link.transact(
                read.plan.request, timeout: timing.responseTimeout ?? bus.timeout,
                pause: timing.pauseBeforeRequest ?? .zero)
            noteAnswer()
            if let absence = machines[machine].take(answer, for: read, now: now) {
                note(machines[machine].breaker.failed(absence, now: now), machine)
            } else {
                note(machines[machine].breaker.answered(), machine)
            }
        } catch {
            // The stop cut the wait short; the unit had no time to answer, so nothing is known of it.
            if Task.isCancelled { return }
            machines[machine].failed(read, condition: error.condition, now: now, time: parts.wallClock.now)
            if error.kind == .timeout { machines[machine].wasSilent(to: read, time: parts.wallClock.now) }
            if error.recovery == .nextSlot {
                note(machines[machine].breaker.failed(error.condition, now: now), machine, error)
            } else {
                linkFailed(error)
            }
        }
    }

    // MARK: Link

    /// Opens the link if it is closed and its back-off is over.
    ///
    /// - Returns: The condition of everything on the bus while it is closed; `nil` if it is open.
    private mutating func openLink() async -> Condition? {
        if link.isOpen { return nil }
        guard now >= link.nextAttempt else { return link.condition }
        hasAsked = true
        do throws(BusError) {
            try await parts.link.open()
            link.opened()
            return nil
        } catch {
            linkFailed(error)
            return error.condition
        }
    }

    private mutating func noteAnswer() {
        guard let failures = link.answered() else { return }
        Logger.current.notice(
            "The bus is there again", metadata: ["bus": "\(bus.id)", "attempts": "\(failures)"])
    }

    private mutating func linkFailed(_ error: BusError) {
        guard link.failed(error, now: now, jitter: parts.jitter()) else { return }
        Logger.current.warning(
            "The bus is gone; it is opened again by itself",
            metadata: ["bus": "\(bus.id)", "error": "\(error)"])
    }

    private func note(_ edge: UnitBreaker.Edge, _ machine: Int, _ error: BusError? = nil) {
        let metadata: Logger.Metadata = [
            "bus": "\(bus.id)", "machine": "\(machines[machine].id)",
            "modbus.unit": "\(machines[machine].unit.rawValue)",
        ]
        switch edge {
        case .none: return
        case .wentSilent:
            Logger.current.warning(
                "The unit does not answer; it is asked again now and then",
                metadata: metadata.merging(["error": "\(error.map { "\($0)" } ?? "gateway says it is absent")"]) { $1 })
        case .answersAgain(let missed):
            Logger.current.notice(
                "The unit answers again", metadata: metadata.merging(["missed": "\(missed)"]) { $1 })
        }
    }

    // MARK: Store

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
    }
}
