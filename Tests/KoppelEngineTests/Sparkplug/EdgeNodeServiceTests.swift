import KoppelCore
import KoppelEngine
import KoppelTestKit
import Synchronization
import Testing

/// What an edge node brings over a connection that acknowledges nothing, through breaks, rebirths and absent hosts.
@Suite(.timeLimit(.minutes(5)))
struct EdgeNodeServiceTests {
    private typealias Bench = EdgeNodeBench

    private func numbers(_ data: [(number: UInt64, isHistorical: Bool)]) -> [UInt64] { data.map(\.number) }

    @Test func `what is stored goes out at once, by alias, in the order of the journal`() async throws {
        let bench = try Bench()
        try await bench.run {
            try await bench.connect()
            for seq in UInt64(1)...20 {
                try await bench.store(Bench.meter, [Bench.reading(0, seq), Bench.reading(1, seq)])
            }
            #expect(await eventually { bench.data("meter-01", alias: 2).count == 20 })
            #expect(numbers(bench.data("meter-01", alias: 1)) == Array(1...20))
            #expect(bench.data("meter-01", alias: 2).allSatisfy { !$0.isHistorical })
        }
    }

    @Test func `what was stored before the births goes out as past, and in order`() async throws {
        let bench = try Bench()
        try await bench.run {
            for seq in UInt64(1)...30 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            try await bench.connect()
            #expect(await eventually { bench.data("meter-01", alias: 2).count == 30 })
            #expect(numbers(bench.data("meter-01", alias: 2)) == Array(1...30))
            #expect(bench.data("meter-01", alias: 2).allSatisfy { $0.isHistorical }, "the newest was born already")
            #expect(
                bench.seen.first { $0.name == "DBIRTH meter-01" }?.payload?.metric("counters/parts")?.value?.number
                    == 30)
            #expect(await eventually { (try? await bench.journal.cursor(of: bench.destination.id))??.rawValue == 30 })
        }
    }

    @Test func `the cursor lags, and after a break what lies behind it goes out again as past`() async throws {
        let bench = try Bench(lag: .seconds(60))
        try await bench.run {
            try await bench.connect()
            for seq in UInt64(1)...10 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            #expect(await eventually { bench.data("meter-01", alias: 2).count == 10 })
            #expect(try await bench.journal.cursor(of: bench.destination.id) == .start)
            bench.uplink.disconnect()
            let place = bench.seen.count
            try await bench.connect()
            #expect(await eventually { bench.data("meter-01", alias: 2, since: place).count == 10 })
            #expect(bench.data("meter-01", alias: 2, since: place).allSatisfy { $0.isHistorical })
            #expect(numbers(bench.data("meter-01", alias: 2, since: place)) == Array(1...10))
        }
    }

    @Test func `P64: live goes before the past, and the past keeps to its rate`() async throws {
        let bench = try Bench(historyRate: 1_000)
        try await bench.run {
            for seq in UInt64(1)...6_000 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            try await bench.connect()
            #expect(await eventually { !bench.data("meter-01", alias: 2).isEmpty })
            try await bench.store(Bench.meter, [Bench.reading(1, 6_001)])
            #expect(await eventually { bench.data("meter-01", alias: 2).contains { $0.number == 6_001 } })
            let past = bench.data("meter-01", alias: 2).filter(\.isHistorical)
            #expect(past.count < 6_000, "the past was still under way")
            #expect(
                try await bench.journal.cursor(of: bench.destination.id) ?? .start < JournalPosition(rawValue: 6_000))
        }
    }

    @Test func `at most the window is on its way, also of births`() async throws {
        let bench = try Bench(window: 2)
        try await bench.run {
            for seq in UInt64(1)...2_000 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            _ = await bench.uplink.connectOnTerms()
            bench.uplink.acknowledgesByItself(false)
            #expect(await eventually { bench.uplink.openCount == 2 })
            for _ in 0..<20 {
                bench.uplink.acknowledgeAll()
                try await bench.store(Bench.press, [Bench.reading(0, 1, value: .uint(1))])
            }
            #expect(bench.uplink.largestOpenCount <= 2)
        }
    }

    @Test func `P74: a refused message makes a hole in the numbers, so everything is born again`() async throws {
        let bench = try Bench()
        try await bench.run {
            try await bench.connect()
            bench.uplink.acknowledgesByItself(false)
            try await bench.store(Bench.meter, [Bench.reading(1, 1)])
            #expect(await eventually { bench.uplink.openCount == 1 })
            let place = bench.seen.count
            bench.uplink.acknowledgesByItself(true)
            bench.uplink.refuse(where: { _ in true }, reasonCode: 0x97)
            #expect(await eventually { bench.births(since: place).count == 3 })
            #expect(bench.gauge.figures.refused == 1)
        }
    }

    @Test func `P75: a birth shows the state and the quality of now, after a start, a break and a rebirth alike`()
        async throws
    {
        let bench = try Bench()
        try await bench.run {
            try await bench.connect()
            try await bench.store(Bench.meter, [Bench.reading(0, 1), Bench.reading(1, 1)])
            try await bench.store(
                Bench.meter, [Bench.reading(0, 2, .staleCommunication), Bench.reading(1, 2, .sensorFault)])
            #expect(await eventually { bench.data("meter-01", alias: 1).count == 2 })
            let place = bench.seen.count
            bench.askForRebirth()
            #expect(await eventually { bench.births(since: place).count == 3 })
            bench.uplink.disconnect()
            try await bench.connect()
            let births = bench.seen[place...].filter { $0.name == "DBIRTH meter-01" }.compactMap(\.payload)
            #expect(births.count == 2)
            for birth in births {
                let voltage = birth.metric("electrical/voltage")
                #expect(voltage?.quality == 500 && voltage?.value?.float == 2.5)
                let parts = birth.metric("counters/parts")
                #expect(parts?.quality == 0 && parts?.isNull == true)
            }
        }
    }

    @Test func `P77: while the primary host is away nothing goes out and nothing is lost`() async throws {
        let bench = try Bench(primaryHost: "scada", lag: .seconds(60))
        try await bench.run {
            _ = await bench.uplink.connectOnTerms()
            for seq in UInt64(1)...5 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            #expect(await eventually { bench.gauge.figures.awaitedHost == "scada" })
            #expect(bench.seen.isEmpty)
            bench.host(isOnline: true, time: 10)
            #expect(await eventually { bench.data("meter-01", alias: 2).count == 5 })
            #expect(bench.gauge.figures.awaitedHost == nil)
            bench.host(isOnline: false, time: 11)
            #expect(await eventually { bench.uplink.runs == 2 })
            let place = bench.seen.count
            for seq in UInt64(6)...9 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            _ = await bench.uplink.connectOnTerms()
            #expect(bench.seen.count == place)
            bench.host(isOnline: true, time: 12)
            #expect(await eventually { numbers(bench.data("meter-01", alias: 2, since: place)) == Array(1...9) })
        }
    }

    @Test func `bdSeq goes on after a restart, with each CONNECT and with nothing else`() async throws {
        let bench = try Bench(last: 254)
        try await bench.run {
            var terms = await bench.uplink.connectOnTerms()
            #expect(ReadPayload(terms.will?.payload ?? [])?.metric("bdSeq")?.value?.number == 255)
            bench.uplink.disconnect()
            terms = await bench.uplink.connectOnTerms()
            #expect(ReadPayload(terms.will?.payload ?? [])?.metric("bdSeq")?.value?.number == 0)
            #expect(terms.endsWithWill)
            #expect(await eventually { bench.seen.last?.name == "DBIRTH press-2" })
            #expect(bench.seen.last { $0.type == "NBIRTH" }?.payload?.metric("bdSeq")?.value?.number == 0)
        }
        #expect(bench.births.kept.withLock { $0 } == [254, 255, 0])
    }

    @Test func `a lost machine dies once what is past is told, and is born again when it answers`() async throws {
        let bench = try Bench()
        try await bench.run {
            try await bench.store(Bench.press, [Bench.reading(0, 1, value: .uint(1))])
            try await bench.connect()
            try await bench.store(Bench.press, [Bench.reading(0, 2, .staleCommunication, value: .uint(1))])
            try await bench.store(Bench.press, [Bench.reading(0, 3, .noCommunication)])
            #expect(await eventually { bench.seen.last?.name == "DDEATH press-2" })
            try await bench.store(Bench.press, [Bench.reading(0, 4, .noCommunication)])
            try await bench.store(Bench.press, [Bench.reading(0, 5, value: .uint(7))])
            #expect(await eventually { bench.data("press-2", alias: 3).contains { $0.number == 7 } })
            let after = bench.seen.drop { $0.name != "DDEATH press-2" }.map(\.name)
            #expect(after == ["DDEATH press-2", "DBIRTH press-2", "DDATA press-2"])
            #expect(bench.seen.filter { $0.type == "DDEATH" }.count == 1)
        }
    }

    @Test func `a message larger than the broker takes is cut, and each number stays in its place`() async throws {
        let bench = try Bench()
        try await bench.run {
            for seq in UInt64(1)...100 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            _ = await bench.uplink.connectOnTerms(ConnectionFacts(maximumPacketSize: 500))
            #expect(await eventually { bench.data("meter-01", alias: 2).count == 100 })
            #expect(bench.seen.allSatisfy { $0.message.payload.count + $0.message.topic.utf8.count < 500 })
            let numbers = bench.seen.compactMap { $0.payload?.seq }
            #expect(numbers == numbers.indices.map { UInt64($0 % 256) })
        }
    }

    @Test func `a machine whose birth the broker does not take is passed over, and the others are told`() async throws {
        let bench = try Bench()
        try await bench.run {
            _ = await bench.uplink.connectOnTerms(ConnectionFacts(maximumPacketSize: 430))
            try await bench.store(Bench.press, [Bench.reading(0, 1, value: .uint(1))])
            try await bench.store(Bench.meter, [Bench.reading(1, 1)])
            #expect(await eventually { (try? await bench.journal.cursor(of: bench.destination.id))??.rawValue == 2 })
            let told = Set(bench.seen.compactMap(\.device))
            #expect(told.count == 1 && bench.seen.allSatisfy { $0.message.payload.count < 430 })
        }
    }

    @Test func `without batches only what is live goes out, and the past is let go`() async throws {
        let bench = try Bench(publish: [.values])
        try await bench.run {
            for seq in UInt64(1)...5 { try await bench.store(Bench.meter, [Bench.reading(1, seq)]) }
            try await bench.connect()
            try await bench.store(Bench.meter, [Bench.reading(1, 6)])
            #expect(await eventually { !bench.data("meter-01", alias: 2).isEmpty })
            #expect(numbers(bench.data("meter-01", alias: 2)) == [6])
            #expect(try await bench.journal.cursor(of: bench.destination.id) ?? .start >= JournalPosition(rawValue: 5))
        }
    }

    @Test func `a flood from outside neither grows nor ends anything`() async throws {
        let bench = try Bench()
        try await bench.run {
            try await bench.connect()
            let place = bench.seen.count
            for number in 0..<5_000 {
                bench.uplink.bring(
                    IncomingMessage(
                        topic: "spBv1.0/acme:hengelo/NCMD/box-1", payload: [UInt8(number % 256), 1, 2], retain: false))
            }
            bench.askForRebirth()
            #expect(await eventually { bench.births(since: place).count >= 3 })
        }
    }
}
