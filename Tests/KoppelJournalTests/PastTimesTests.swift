import KoppelCore
import Testing

@testable import KoppelJournal

/// How long ago the last run was, and the last value of a counter, by clocks that were set in between.
@Suite(.timeLimit(.minutes(5)))
struct PastTimesTests {
    /// A journal that was last used at second 3, ended by a crash.
    private func left(_ clock: ClockState = .synchronised, offset: Duration = .zero) async throws -> World {
        let world = try World()
        world.change {
            $0.now = $0.now.advanced(by: offset)
            $0.clock = clock
            $0.pass(.seconds(3))
        }
        let journal = try await world.open()
        _ = try await journal.register(Sample.registration())
        var record = Sample.sweep(3, clock: clock, offset: offset)
        record.moveTimes(by: offset)
        _ = try await journal.append([record])
        return try World(crashOf: world)
    }

    private func found(
        _ world: World, doubtsClock: Bool = true
    ) async throws -> (history: JournalHistory, memory: SignalMemory) {
        let journal = try await world.open(doubtsClock: doubtsClock)
        let memory = try await journal.register(Sample.registration()).memories[0]
        try await journal.close()
        return (journal.history, memory)
    }

    @Test(arguments: [Duration.seconds(-3_600), .seconds(10 * 366 * 86_400)])
    func `D06, D07: within a boot the last run is as long ago as it is, wherever the clock went`(
        _ step: Duration
    ) async throws {
        let world = try await left()
        world.change {
            $0.pass(.seconds(60))
            $0.now = $0.now.advanced(by: step)
            $0.clock = .unsynchronised
        }
        let (history, memory) = try await found(world)
        #expect(history.lastAlive == Sample.time(3), "on the agent's own time, which is at second 63")
        #expect(memory.time == Sample.time(3) && memory.valueTime == Sample.time(3))
    }

    @Test func `P53: within a boot times of a clock that was wrong count as well`() async throws {
        let world = try await left(.unsynchronised, offset: .seconds(-1_770_000_000))
        world.change { $0.pass(.seconds(60)) }
        let (history, memory) = try await found(world)
        #expect(history.lastAlive == Sample.time(3) && history.lastAliveOnWall == nil)
        #expect(memory.valueTime == Sample.time(3))
    }

    @Test func `D09: from a trusted boot to one at 1970 nobody knows how long it was, until the time comes`()
        async throws
    {
        let world = try await left()
        world.change {
            $0.boot = "boot-2"
            $0.uptime = .seconds(20)
            $0.now = Timestamp(nanoseconds: 20_000_000_000)
            $0.clock = .unsynchronised
        }
        let (history, memory) = try await found(world)
        #expect(history.lastEnd == .crashed)
        #expect(history.lastAlive == nil && history.lastAliveOnWall == Sample.time(3))
        #expect(memory.value == .int(30))
        #expect(memory.time == nil && memory.valueTime == nil)
    }

    @Test func `D09: from a boot without a clock to a trusted one nobody knows it either`() async throws {
        let world = try await left(.unsynchronised, offset: .seconds(-1_770_000_000))
        world.change {
            $0.boot = "boot-2"
            $0.uptime = .seconds(20)
            $0.now = Sample.time(1_000)
            $0.clock = .synchronised
        }
        let (history, _) = try await found(world)
        #expect(history.lastAlive == nil && history.lastAliveOnWall == nil)
    }

    @Test func `P53: from boot to boot trusted dates count`() async throws {
        let world = try await left()
        world.change {
            $0.boot = "boot-2"
            $0.uptime = .seconds(20)
            $0.now = Sample.time(1_003)
        }
        let (history, memory) = try await found(world)
        // The agent's own time is at second 20 since this boot.
        let expected = Timestamp(nanoseconds: 20_000_000_000).advanced(by: .seconds(-1_000))
        #expect(history.lastAlive == expected && memory.valueTime == expected)
    }

    @Test func `on an isolated plant the clock counts as right`() async throws {
        let world = try await left(.unsynchronised)
        world.change {
            $0.boot = "boot-2"
            $0.uptime = .seconds(20)
            $0.now = Sample.time(1_003)
        }
        #expect(try await found(world).history.lastAlive == nil)
        let (history, _) = try await found(World(crashOf: world), doubtsClock: false)
        #expect(history.lastAlive == Timestamp(nanoseconds: 20_000_000_000).advanced(by: .seconds(-1_000)))
    }

    @Test func `D06: a trusted clock that is behind the last run says nothing about it`() async throws {
        let world = try await left()
        world.change {
            $0.boot = "boot-2"
            $0.now = Sample.time(-3_600)
        }
        #expect(try await found(world).history.lastAlive == nil)
    }

    @Test func `P53: the periods of newest values survive a snapshot`() async throws {
        let world = try await left(.unsynchronised, offset: .seconds(-500))
        let journal = try await world.open()
        try await journal.setDestinations([Sample.id("plant")])
        try await journal.prune()
        _ = try await journal.append([Sample.sweep(4, clock: .unsynchronised, offset: .seconds(-500))])
        try await journal.close()
        let (_, memory) = try await found(world)
        #expect(memory.value == .int(40) && memory.valueTime == Sample.time(4).advanced(by: .seconds(500)))
    }
}
