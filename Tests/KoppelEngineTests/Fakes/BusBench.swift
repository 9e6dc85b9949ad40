import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// A bus of machines, one a unit, on a link that a test decides and a clock that it moves.
struct BusBench {
    let clock = ManualClock()
    let journal = MemoryJournal()
    let health = HealthBoard()
    let wallClock: WallClock

    init() {
        let clock = clock
        wallClock = WallClock(
            now: { PollingBench.begin.advanced(by: clock.now.offset) }, state: { .synchronised })
    }

    /// Runs the bus until `end` on the manual clock, and stops it. Unit n is machine n, named `m` and its number.
    func run(
        _ script: ScriptedLink.Script = ScriptedLink.Script(), units: UInt8 = 1, interval: Duration = .seconds(1),
        points: [Point]? = nil, polling: PollingRules = PollingRules(), timeout: Duration = .seconds(1),
        cost: BusCost = .tcp(), lanes: [LiveLane] = [], change: (inout MachineSettings) -> Void = { _ in },
        until end: Duration
    ) async throws -> ScriptedLink {
        let link = ScriptedLink(clock: clock, wallClock: wallClock, script: script)
        let points = try points ?? [try point("a", at: 7)]
        let machines = try (1...units).map { unit in
            var settings = try PollingBench.settings("m\(unit)", unit: unit, points, interval: interval)
            change(&settings)
            return PolledMachine(
                settings: settings, register: PollingBench.register(settings, number: Int(unit)), cost: cost,
                doubtsClock: true)
        }
        let service = BusService(
            bus: BusSettings(
                id: try #require(Identifier("hall")), endpoint: .tcp(host: "h", port: 502), timeout: timeout,
                polling: polling),
            machines: machines,
            parts: .init(
                link: link, sink: ReadingSink(journal: journal, lanes: lanes), wallClock: wallClock, jitter: { 1 },
                health: health),
            clock: clock)
        clock.letRun(until: end)
        link.end(at: end + .nanoseconds(1))
        let task = Task { await service.run() }
        // A bus with too much to do never sleeps, and then its link ends it.
        while clock.nextDeadline == nil, !link.hasEnded { try await ContinuousClock().sleep(for: .milliseconds(1)) }
        task.cancel()
        await task.value
        #expect(link.closings == 1)
        return link
    }

    func readings(of machine: Int = 1) async -> [String] {
        await journal.records.filter { $0.record.machine.rawValue == machine }
            .flatMap { Optional(SweptRecord(record: $0.record)).lines }
    }

    func gaps(of machine: Int = 1) async -> [Gap] {
        await journal.records.filter { $0.record.machine.rawValue == machine }.flatMap(\.record.gaps)
    }

    /// The latest figures of a unit.
    func figures(of unit: UInt8 = 1) throws -> UnitFigures {
        let bus = try #require(health.all.first)
        return try #require(bus.units.first { $0.key.unit == UnitID(unit) })
    }
}
