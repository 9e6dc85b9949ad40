import KoppelCore
import KoppelEngine
import KoppelTestKit
import Synchronization
import Testing

/// Everything an edge node said in three connections in which all happens that can: a primary host that comes and goes,
/// data of every quality, a lost machine, a rebirth, a break, and numbers that go round.
struct RecordedSession: Sendable {
    struct Connection: Sendable {
        var terms: UplinkTerms
        var messages: [SeenMessage] = []

        /// In births and data, by name; births give the names of aliases.
        func messages(_ types: String...) -> [SeenMessage] { messages.filter { types.contains($0.type) } }
        func metrics(_ types: String...) -> [ReadPayload.Metric] {
            messages.filter { types.contains($0.type) }.flatMap { $0.payload?.metrics ?? [] }
        }
    }

    var connections: [Connection] = []
    /// Said before the primary host was validly online.
    var beforeHost = 0
    /// The messages of the first connection when the rebirth was asked for, and once it was told.
    var rebirth = 0..<0
    /// Data went on after an offline word of the host that was older than its last.
    var survivedOldWord = false
    /// The connection was left after a valid offline word.
    var leftWithHost = false

    var all: [SeenMessage] { connections.flatMap(\.messages) }
    func messages(_ types: String...) -> [SeenMessage] { all.filter { types.contains($0.type) } }
    func metrics(_ types: String...) -> [ReadPayload.Metric] {
        all.filter { types.contains($0.type) }.flatMap { $0.payload?.metrics ?? [] }
    }

    /// Recorded once for all assertions.
    static let recorded = Task { try await record() }

    private typealias Bench = EdgeNodeBench

    private static func record() async throws -> RecordedSession {
        let bench = try Bench(primaryHost: "scada", last: 254, statusInterval: .milliseconds(5))
        var session = RecordedSession()
        var begins = [0]
        var terms: [UplinkTerms] = []
        try await bench.run {
            terms.append(await bench.uplink.connectOnTerms())
            try await waitForHost(bench, &session)
            try await tell(bench)
            try await loseAndFindThePress(bench)
            try await askForRebirth(bench, &session)
            try await sendHostAway(bench, &session)
            begins.append(bench.seen.count)
            for seq in UInt64(1_001)...1_005 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            terms.append(await bench.uplink.connectOnTerms())
            bench.host(isOnline: true, time: 12)
            #expect(
                await eventually { bench.data("meter-01", alias: 2, since: begins[1]).contains { $0.number == 1_005 } })
            bench.uplink.disconnect()
            begins.append(bench.seen.count)
            terms.append(await bench.uplink.connectOnTerms())
            bench.host(isOnline: true, time: 12)
            #expect(await eventually { bench.births(since: begins[2]).count == 3 })
        }
        let seen = bench.seen
        for (place, terms) in terms.enumerated() {
            let end = place + 1 < begins.count ? begins[place + 1] : seen.count
            session.connections.append(Connection(terms: terms, messages: Array(seen[begins[place]..<end])))
        }
        return session
    }

    private static func waitForHost(_ bench: Bench, _ session: inout RecordedSession) async throws {
        #expect(await eventually { bench.gauge.figures.awaitedHost == "scada" })
        bench.host(isOnline: true, time: 99, name: "other")
        bench.host(isOnline: false, time: 5)
        bench.host(isOnline: true, time: 4)
        try await bench.store(Bench.press, [Bench.reading(0, 1, value: .uint(1))])
        session.beforeHost = bench.seen.count
        bench.host(isOnline: true, time: 10)
        #expect(await eventually { bench.births(since: 0).count == 3 })
    }

    /// Data of all kinds, and so much that the numbers go round.
    private static func tell(_ bench: Bench) async throws {
        for seq in UInt64(1)...300 {
            try await bench.store(Bench.meter, [Bench.reading(0, seq), Bench.reading(1, seq)])
            #expect(await eventually { bench.data("meter-01", alias: 2).last?.number == seq })
        }
        let gap = Gap(
            signal: SignalNumber(rawValue: 1), from: Bench.reading(1, 300).time, to: Bench.reading(1, 310).time,
            lost: 10, reason: .slotMissed)
        try await bench.store(
            Bench.meter,
            [
                Bench.reading(0, 301, .staleCommunication), Bench.reading(0, 302, .outOfLimits), Bench.reading(0, 303),
                Bench.reading(0, 304, .timeout), Bench.reading(1, 301),
            ], gaps: [gap])
        let state = MachineState(
            seq: 1, what: .init(state: "executing", mode: "production"), basis: .register,
            since: Bench.reading(0, 1).time, condition: .good, time: Bench.reading(0, 1).time)
        let alarm = AlarmChange(
            seq: 1, code: try #require(Identifier("jam")), text: [:], level: .warning, severity: 500, isActive: true,
            since: Bench.reading(0, 1).time, time: Bench.reading(0, 1).time)
        try await bench.store(
            Bench.press, [Bench.reading(0, 2, value: .uint(2))], occurrences: [.state(state), .alarm(alarm)])
        #expect(await eventually { bench.data("press-2", alias: 3).contains { $0.number == 2 } })
        bench.clock.state.withLock { $0 = .holdover }
        #expect(await eventually { bench.seen.contains { $0.type == "NDATA" } })
    }

    private static func loseAndFindThePress(_ bench: Bench) async throws {
        try await bench.store(Bench.press, [Bench.reading(0, 3, .noCommunication)])
        #expect(await eventually { bench.seen.contains { $0.type == "DDEATH" } })
        try await bench.store(Bench.press, [Bench.reading(0, 4, value: .uint(4))])
        #expect(await eventually { bench.data("press-2", alias: 3).contains { $0.number == 4 } })
    }

    private static func askForRebirth(_ bench: Bench, _ session: inout RecordedSession) async throws {
        let place = bench.seen.count
        bench.askForRebirth()
        for seq in UInt64(401)...420 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
        #expect(await eventually { bench.data("meter-01", alias: 2).contains { $0.number == 420 } })
        #expect(await eventually { bench.births(since: place).count == 3 })
        session.rebirth = place..<bench.seen.count
    }

    private static func sendHostAway(_ bench: Bench, _ session: inout RecordedSession) async throws {
        bench.host(isOnline: false, time: 9)
        try await bench.store(Bench.meter, [Bench.reading(1, 500)])
        session.survivedOldWord = await eventually {
            bench.data("meter-01", alias: 2).contains { $0.number == 500 } && bench.uplink.runs == 1
        }
        bench.host(isOnline: false, time: 11)
        session.leftWithHost = await eventually { bench.uplink.runs == 2 }
    }
}
