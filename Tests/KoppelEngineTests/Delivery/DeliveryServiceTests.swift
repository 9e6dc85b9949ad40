import KoppelCore
import KoppelEngine
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DeliveryServiceTests {
    private final class Kept: Quarantine {
        let messages = Mutex<[QuarantinedMessage]>([])
        func keep(_ message: QuarantinedMessage) async { messages.withLock { $0.append(message) } }
    }

    private let journal = MemoryJournal()
    private let uplink = ScriptedUplink()
    private let live = LiveLane(epoch: 1)
    private let kept = Kept()
    private let gauge = DeliveryGauge()

    private func destination(
        window: Int = 4, publish: Set<DestinationSettings.Publication> = [.meta, .batches], batchReadings: Int = 2
    ) throws -> DestinationSettings {
        DestinationSettings(
            id: try #require(Identifier("plant")), host: "127.0.0.1", port: 1883, clientID: "koppel-test",
            publish: publish, share: .all, batchReadings: batchReadings, window: window)
    }

    /// Runs a delivery service while the body works.
    private func withService(
        _ destination: DestinationSettings, pause: Duration = .seconds(5), statusEvery: Duration = .seconds(60),
        clock: @escaping @Sendable () -> ClockState = { .synchronised },
        _ body: () async throws -> Void
    ) async throws {
        try await journal.setDestinations([destination.id])
        let service = DeliveryService(
            destination: destination,
            parts: .init(
                journal: journal, uplink: uplink, dialect: PlainDialect(), live: live, quarantine: kept,
                wallClock: WallClock(now: { Timestamp(nanoseconds: 1_000) }, state: clock), session: "urn:uuid:s",
                since: Timestamp(nanoseconds: 0), gauge: gauge),
            clock: ContinuousClock(), cursorInterval: .milliseconds(1), pauseAfterRefusal: pause,
            statusInterval: statusEvery)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            #expect(await eventually { uplink.isRunning })
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func record(_ seqs: ClosedRange<UInt64>, machine: Int = 0, time: Int64 = 2_000) -> SweepRecord {
        SweepRecord(
            machine: MachineNumber(rawValue: machine), rev: 1, clock: .synchronised,
            readings: seqs.map {
                Reading(
                    signal: SignalNumber(rawValue: 0), condition: .good, seq: $0,
                    time: Timestamp(nanoseconds: time), value: .uint($0))
            })
    }

    private func names(_ seqs: ClosedRange<UInt64>, machine: Int = 0) -> [String] {
        seqs.map { "\(machine).0:\($0)" }
    }

    @Test func `what is stored while the broker is away arrives in order once it is there`() async throws {
        try await withService(try destination()) {
            for seq in UInt64(1)...9 { _ = try await journal.append([record(seq...seq, time: 500)]) }
            uplink.connect()
            #expect(await eventually { uplink.messages.history == names(1...9) })
            #expect(uplink.messages.contains { $0.topic == "batch/buffered" })
            #expect(await eventually { (try? await journal.cursor(of: destination().id))??.rawValue == 9 })
        }
        #expect(uplink.messages.prefix(2).map(\.topic) == ["status", "meta"])
    }

    @Test func `U15, P56, P62: the cursor does not move before the acknowledgement, and a break repeats from it`()
        async throws
    {
        let destination = try destination(window: 8)
        try await withService(destination) {
            uplink.connect()
            #expect(await eventually { uplink.messages.count == 2 })
            uplink.acknowledgesByItself(false)
            _ = try await journal.append([record(1...2), record(3...4)])
            #expect(await eventually { uplink.openCount == 2 })
            #expect(try await journal.cursor(of: destination.id) == .start)
            uplink.disconnect()
            uplink.connect()
            #expect(await eventually { uplink.messages.history == names(1...4) + names(1...4) })
            #expect(await eventually { (try? await journal.cursor(of: destination.id))??.rawValue == 2 })
        }
    }

    @Test func `P64, P66: no more than the window is ever in flight, and live values keep a place`() async throws {
        try await withService(try destination(window: 4, publish: [.values, .batches])) {
            uplink.connect()
            #expect(await eventually { uplink.messages.count == 2 && uplink.openCount == 0 })
            uplink.acknowledgesByItself(false)
            for seq in UInt64(1)...20 { _ = try await journal.append([record(seq * 2...seq * 2 + 1)]) }
            #expect(await eventually { uplink.openCount == 3 })
            await live.offer([SweptRecord(record: record(41...41))])
            #expect(await eventually { uplink.openCount == 4 })
            #expect(uplink.messages.last?.topic == "value")
            while uplink.messages.history.count < 40 {
                uplink.acknowledgeAll()
                await Task.yield()
            }
            #expect(uplink.largestOpenCount == 4)
        }
    }

    @Test func `P58: a message refused for good goes to quarantine and the head moves on`() async throws {
        let destination = try destination(batchReadings: 1)
        try await withService(destination) {
            uplink.connect(acknowledging: true)
            #expect(await eventually { uplink.messages.count == 2 })
            uplink.acknowledgesByItself(false)
            _ = try await journal.append([record(1...1), record(2...2)])
            #expect(await eventually { uplink.openCount == 2 })
            uplink.refuse(where: { $0.lines == ["0.0:1"] }, reasonCode: 0x87)
            uplink.acknowledgeAll()
            #expect(await eventually { (try? await journal.cursor(of: destination.id))??.rawValue == 2 })
        }
        #expect(kept.messages.withLock { $0.map(\.reasonCode) } == [0x87])
        #expect(kept.messages.withLock { String(decoding: $0[0].payload, as: UTF8.self) } == "0.0:1")
    }

    @Test func `U12: a batch that is too large is sent in smaller ones`() async throws {
        let destination = try destination(batchReadings: 8)
        try await withService(destination) {
            uplink.connect(acknowledging: true)
            #expect(await eventually { uplink.messages.count == 2 })
            uplink.acknowledgesByItself(false)
            _ = try await journal.append([record(1...4), record(5...8)])
            #expect(await eventually { uplink.openCount == 1 })
            uplink.acknowledgesByItself(true)
            uplink.refuse(where: { _ in true }, reasonCode: Refusal.packetTooLarge)
            #expect(await eventually { (try? await journal.cursor(of: destination.id))??.rawValue == 2 })
            #expect(uplink.messages.history.suffix(8) == names(1...8)[...])
            #expect(uplink.messages.last.map { $0.lines.count < 8 } == true)
        }
        #expect(kept.messages.withLock { $0.isEmpty })
    }

    @Test func `a broker that names its largest packet never gets a larger one`() async throws {
        let destination = try destination(batchReadings: 100)
        try await withService(destination) {
            uplink.connect(ConnectionFacts(maximumPacketSize: 100))
            _ = try await journal.append([record(1...50)])
            #expect(await eventually { uplink.messages.history == names(1...50) })
            #expect(uplink.messages.allSatisfy { $0.payload.count + $0.topic.utf8.count + 73 <= 100 })
        }
    }

    @Test func `two machines never share a message, and each keeps its order`() async throws {
        try await withService(try destination(batchReadings: 100)) {
            for seq in UInt64(1)...5 {
                _ = try await journal.append([record(seq...seq, machine: 0), record(seq...seq, machine: 1)])
            }
            uplink.connect()
            #expect(await eventually { uplink.messages.history.count == 10 })
            #expect(uplink.messages.history.filter { $0.hasPrefix("0.") } == names(1...5, machine: 0))
            #expect(uplink.messages.history.filter { $0.hasPrefix("1.") } == names(1...5, machine: 1))
            #expect(uplink.messages.allSatisfy { Set($0.lines.map { $0.prefix(2) }).count <= 1 })
        }
    }

    @Test func `P58: a message that the broker refuses for no reason again and again does not hold up the head`()
        async throws
    {
        let destination = try destination(batchReadings: 1)
        try await withService(destination, pause: .zero) {
            uplink.connect()
            #expect(await eventually { uplink.messages.count == 2 })
            uplink.alwaysRefuses("0.0:1", reasonCode: 0x83)
            _ = try await journal.append([record(1...1), record(2...2)])
            #expect(await eventually { (try? await journal.cursor(of: destination.id))??.rawValue == 2 })
        }
        #expect(kept.messages.withLock { $0.map(\.reasonCode) } == [0x83])
        #expect(uplink.messages.filter { $0.lines == ["0.0:1"] }.count == 12)
    }

    @Test func `a quota that is used up is waited for, however long, and nothing behind it is taken for delivered`()
        async throws
    {
        let destination = try destination(batchReadings: 1)
        try await withService(destination, pause: .zero) {
            uplink.connect()
            #expect(await eventually { uplink.messages.count == 2 })
            uplink.alwaysRefuses("0.0:1", reasonCode: 0x97)
            _ = try await journal.append([record(1...1)])
            for seq in UInt64(2)...60 { _ = try await journal.append([record(seq...seq)]) }
            #expect(await eventually { uplink.messages.filter { $0.lines == ["0.0:1"] }.count > 40 })
            #expect(try await journal.cursor(of: destination.id) == .start)
            uplink.alwaysRefuses(nil, reasonCode: 0)
            #expect(await eventually { (try? await journal.cursor(of: destination.id))??.rawValue == 60 })
        }
        #expect(kept.messages.withLock { $0.isEmpty })
    }

    @Test func `U24: a broker that takes one message at a time never has two`() async throws {
        try await withService(try destination(batchReadings: 1)) {
            uplink.connect(ConnectionFacts(receiveMaximum: 1), acknowledging: false)
            for seq in UInt64(1)...5 { _ = try await journal.append([record(seq...seq)]) }
            await live.offer([SweptRecord(record: record(6...6))])
            #expect(
                await eventually {
                    uplink.acknowledgeAll()
                    return uplink.messages.history == names(1...5)
                })
            #expect(uplink.largestOpenCount == 1)
        }
    }

    @Test func `U10: a latest value that is refused is counted with its topic, and harms nothing else`() async throws {
        try await withService(try destination(publish: [.meta, .batches, .values])) {
            uplink.connect()
            uplink.alwaysRefuses("0.0:7", reasonCode: 0x87)
            await live.offer([SweptRecord(record: record(7...7))])
            #expect(await eventually { gauge.figures.refusedTopic == "value" })
            #expect(gauge.figures.lastRefusal == Refusal(reasonCode: 0x87))
            _ = try await journal.append([record(1...2)])
            #expect(await eventually { uplink.messages.history == names(1...2) })
            #expect(gauge.figures.refused == 1)
        }
        #expect(kept.messages.withLock { $0.isEmpty })
    }

    @Test func `U11: latest values that a quota kept back are sent again`() async throws {
        try await withService(try destination(publish: [.meta, .values]), pause: .milliseconds(1)) {
            uplink.connect()
            uplink.alwaysRefuses("0.0:7", reasonCode: 0x97)
            await live.offer([SweptRecord(record: record(7...7))])
            #expect(await eventually { gauge.figures.refused > 2 })
            uplink.alwaysRefuses(nil, reasonCode: 0)
            let before = uplink.messages.count
            #expect(await eventually { uplink.messages.dropFirst(before).contains { $0.lines == ["0.0:7"] } })
        }
    }

    @Test func `the status tells what still waits, at the connect and when it has changed`() async throws {
        try await withService(try destination(batchReadings: 1), statusEvery: .milliseconds(5)) {
            _ = try await journal.append([record(1...3), record(4...5)])
            uplink.connect()
            #expect(await eventually { uplink.messages.first?.lines == ["online, pending 5"] })
            #expect(await eventually { uplink.messages.last { $0.topic == "status" }?.lines == ["online, pending 0"] })
        }
    }

    @Test func `D06, D09: the status tells when the clock gets or loses its trust`() async throws {
        let state = Mutex(ClockState.unsynchronised)
        let clock: @Sendable () -> ClockState = { state.withLock { $0 } }
        try await withService(try destination(), statusEvery: .milliseconds(5), clock: clock) {
            uplink.connect()
            #expect(await eventually { uplink.messages.first?.lines == ["online, pending 0, unsynchronised"] })
            for (next, line) in [
                (ClockState.synchronised, "online, pending 0"), (.holdover, "online, pending 0, holdover"),
            ] {
                state.withLock { $0 = next }
                #expect(await eventually { uplink.messages.last { $0.topic == "status" }?.lines == [line] })
            }
        }
    }

    @Test func `D06: what waited is told apart from what is new by its place, not by a date`() async throws {
        try await withService(try destination(batchReadings: 2)) {
            _ = try await journal.append([record(1...2, time: 9_000_000_000_000_000_000)])
            uplink.connect()
            #expect(await eventually { uplink.messages.history == names(1...2) })
            _ = try await journal.append([record(3...4, time: 0)])
            #expect(await eventually { uplink.messages.history == names(1...4) })
        }
        let topics = uplink.messages.map(\.topic).filter { $0.hasPrefix("batch") }
        #expect(topics == ["batch/buffered", "batch"])
    }
}
