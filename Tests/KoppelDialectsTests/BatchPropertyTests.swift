import KoppelCore
import KoppelDialects
import Testing

/// Random history goes out and comes back exactly.
@Suite(.timeLimit(.minutes(5)))
struct BatchPropertyTests {
    private static let machines = [Fixtures.meter, Fixtures.press]
    private let dialect = DataModelDialect(agent: Fixtures.agent, machines: machines)

    @Test(arguments: machines.map(\.id.description))
    func `P51: each reading of random records is received exactly, in order per signal`(_ id: String) throws {
        let machine = try #require(Self.machines.first { $0.id.description == id })
        for seed in 0..<150 as Range<UInt64> {
            var random = RandomRecords(seed: seed)
            let records = random.records(of: machine)
            let sent = records.flatMap(\.record.readings).compactMap { ReceivedReading($0, of: machine) }
            guard let message = dialect.batch(records, buffered: true) else {
                #expect(sent.isEmpty, "seed \(seed)")
                continue
            }
            let received = try ReceivedBatch(message.payload).readings(of: machine)
            let (left, right) = (Dictionary(grouping: received, by: \.signal), Dictionary(grouping: sent, by: \.signal))
            guard left == right else {
                let lost = Set(sent).symmetricDifference(received).prefix(4)
                Issue.record("seed \(seed) differs in \(Array(lost))")
                return
            }
        }
    }

    @Test func `each column of offsets ascends, and none is before t0`() throws {
        for seed in 500..<600 as Range<UInt64> {
            var random = RandomRecords(seed: seed)
            let message = try #require(dialect.batch(random.records(of: Fixtures.press), buffered: false))
            let batch = try ReceivedBatch(message.payload)
            let columns = batch.series.map { $0.dt ?? batch.dt }
            for column in columns { #expect(column == column.sorted()) }
            #expect(columns.joined().min() == 0, "t0 is the smallest time")
        }
    }

    @Test(.enabled(if: SchemaCheck.isAvailable, "\(SchemaCheck.whyNot)"))
    func `random batches are valid messages of the data model`() async throws {
        let batches = (1_000..<1_060 as Range<UInt64>).flatMap { seed in
            var random = RandomRecords(seed: seed)
            return Self.machines.compactMap { dialect.batch(random.records(of: $0), buffered: seed % 2 == 0)?.payload }
        }
        #expect(batches.count > 100)
        #expect(try await SchemaCheck.faults(schema: "batch", messages: batches) == "")
    }

    @Test(.enabled(if: SchemaCheck.isAvailable, "\(SchemaCheck.whyNot)"))
    func `random latest values are valid messages of the data model`() async throws {
        var messages: [[UInt8]] = []
        for seed in 2_000..<2_020 as Range<UInt64> {
            var random = RandomRecords(seed: seed)
            for machine in Self.machines {
                let last = LastValue(value: .int(Int64(seed)), time: Fixtures.moment)
                messages += random.records(of: machine).flatMap(\.record.readings).compactMap {
                    dialect.latest($0, of: machine.number, rev: 1, epoch: 2, last: seed % 2 == 0 ? last : nil)?.payload
                }
            }
        }
        #expect(messages.count > 600)
        #expect(try await SchemaCheck.faults(schema: "value", messages: Array(messages.prefix(600))) == "")
    }

    @Test func `the usual sweep, every signal in the same order, shares one column of times`() throws {
        let records = (0..<20 as Range<Int64>).map { sweep in
            Fixtures.stored(
                (0..<6 as Range<UInt16>).map {
                    Fixtures.reading($0, seq: UInt64(sweep + 1), at: sweep * 1_000_000_000, .int(sweep))
                }, of: Fixtures.press)
        }
        let message = try #require(dialect.batch(records, buffered: false))
        let batch = try ReceivedBatch(message.payload)
        #expect(batch.dt.count == 20)
        #expect(batch.series.count == 6)
        #expect(batch.series.allSatisfy { $0.dt == nil && $0.v.count == 20 })
    }

    @Test func `times further apart than a receiver's 2^53 nanoseconds are held at the end of that span`() throws {
        let old = Reading(
            signal: SignalNumber(rawValue: 0), condition: .staleCommunication, seq: 1,
            time: Timestamp(nanoseconds: 0), value: .float(1))
        let records = [Fixtures.stored([old, Fixtures.reading(1, seq: 1, .float(2))])]
        let message = try #require(dialect.batch(records, buffered: false))
        let received = try ReceivedBatch(message.payload).readings(of: Fixtures.meter)
        #expect(
            received.map(\.time) == [Fixtures.moment.nanoseconds - 9_007_199_254_740_991, Fixtures.moment.nanoseconds])
    }
}
