package import KoppelCore

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
        /// Where the figures of the bus go, at most once a second.
        package var health: HealthBoard

        package init(
            link: any ModbusLink, sink: ReadingSink, wallClock: WallClock, jitter: @escaping @Sendable () -> Double,
            facts: FactBoard = FactBoard(), health: HealthBoard = HealthBoard()
        ) {
            self.facts = facts
            self.jitter = jitter
            self.health = health
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
    /// So many readings wait to be stored, and those of one answer more.
    let mostUnstored = 2_000

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
