import Foundation
import KoppelCore
import Testing

@testable import KoppelDialects

/// `_meta/td` and `_meta/aas`, and the form of topics that a broker's limit on depth asks for.
struct ExportTests {
    /// The meter with its access: voltage at 0 and a helper nobody publishes.
    private static let meter: MachineDescription = {
        var meter = Fixtures.meter
        meter.access = access
        return meter
    }()

    private static var access: MachineAccess? {
        guard let unit = UnitID(exactly: 1) else { return nil }
        let voltage = Point(
            signal: Fixtures.name("electrical/voltage"), table: .inputRegister, address: 0, wire: .float32,
            kind: .measurement, unit: UnitOfMeasure(ucum: "V"))
        return MachineAccess(
            endpoint: .tcp(host: "192.0.2.10", port: 502), unit: unit, responseTimeout: .seconds(1), points: [voltage],
            interval: .seconds(1))
    }

    private func extras(
        _ dialect: DataModelDialect, now: Timestamp = Fixtures.moment, oldestPending: Timestamp? = nil
    ) -> [OutgoingMessage] {
        let moment = ReferenceMoment(now: now, oldestPending: oldestPending)
        return (0...).lazy.map { dialect.extra(at: $0, moment) }.prefix { $0 != nil }.compactMap(\.self)
    }

    private func json(_ message: OutgoingMessage?) throws -> [String: Any] {
        let payload = try #require(message).payload
        return try #require(try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any])
    }

    @Test func `the owner's own broker keeps a Thing Description and an asset shell of each machine`() throws {
        let dialect = DataModelDialect(
            agent: Fixtures.agent, machines: [Self.meter, Fixtures.press], exports: true)
        let messages = extras(dialect)
        let base = "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/"
        #expect(messages.map(\.topic) == [base + "_meta/td", base + "_meta/aas"])
        #expect(messages.allSatisfy { $0.retain && $0.qos == 1 })
        let thing = try json(messages.first)
        #expect(thing["id"] as? String == Self.meter.urn)
        #expect(thing["base"] as? String == "modbus+tcp://192.0.2.10:502/1/")
        #expect((thing["version"] as? [String: Any])?["instance"] as? String == "\(Self.meter.rev)")
        let shell = try json(messages.last)
        let ids = [shell["assetAdministrationShells"], shell["submodels"]]
            .compactMap { ($0 as? [[String: Any]])?.first?["id"] as? String }
        #expect(Set(ids + [Self.meter.urn]).count == 3)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil })
    }

    @Test func `the descriptor links to the exports, and only where they are`() throws {
        for (exports, links) in [(true, ["td": "_meta/td", "aas": "_meta/aas"]), (false, nil)] {
            let dialect = DataModelDialect(agent: Fixtures.agent, machines: [Self.meter], exports: exports)
            let descriptor = try json(dialect.birth(Fixtures.status).first { $0.topic.hasSuffix("/_meta") })
            #expect(descriptor["links"] as? [String: String] == links)
        }
    }

    @Test func `another party's broker gets no export, and a machine that is known by its descriptor only has none`() {
        #expect(extras(DataModelDialect(agent: Fixtures.agent, machines: [Self.meter])).isEmpty)
        #expect(extras(DataModelDialect(agent: Fixtures.agent, machines: [Fixtures.meter], exports: true)).isEmpty)
    }

    @Test func `the exports of a machine that goes are cleared`() {
        let dialect = DataModelDialect(agent: Fixtures.agent, machines: [], former: [Self.meter], exports: true)
        let cleared = dialect.birth(Fixtures.status).filter(\.payload.isEmpty).map(\.topic)
        #expect(cleared.contains { $0.hasSuffix("/meter-01/_meta/td") })
        #expect(cleared.contains { $0.hasSuffix("/meter-01/_meta/aas") })
    }

    @Test func `flat topics join the place below the site and the signal with dots, at most seven slashes deep`() throws
    {
        let flat = DataModelDialect(
            agent: Fixtures.agent, machines: [Self.meter], form: .flat, exports: true)
        let base = "kpl/v1/acme/dordrecht/hal-2.lijn-1.meter-01/"
        let value = try #require(
            flat.latest(
                Fixtures.reading(0, seq: 1, .float(231.4)), of: Self.meter.number, rev: 1, epoch: 1, last: nil))
        #expect(value.topic == base + "_value/electrical.voltage")
        #expect(value.topic.count { $0 == "/" } == 6)
        let all = flat.birth(Fixtures.status).map(\.topic) + extras(flat).map(\.topic)
        #expect(
            all == [
                "kpl/v1/acme/dordrecht/_agent/box-1/status", base + "_meta", base + "_meta/rev/12", base + "_meta/td",
                base + "_meta/aas",
            ])
        #expect(all.allSatisfy { $0.count { $0 == "/" } <= 7 })
        #expect(
            flat.batch([Fixtures.stored([Fixtures.reading(0, seq: 1, .float(1))])], buffered: false)?.topic
                == base + "_batch")
    }

    @Test func `an older descriptor stays retained for 30 days and while something unsent refers to it, then goes`()
        throws
    {
        // Revision 10 was replaced by 11 after a day, and 11 by the present 12 after another.
        let day = Duration.seconds(86_400)
        let begin = Fixtures.moment
        let revisions = (0..<3).map { step -> MachineDescription in
            var machine = Fixtures.meter
            machine.rev = UInt32(10 + step)
            machine.issued = begin.advanced(by: day * step)
            return machine
        }
        let dialect = DataModelDialect(
            agent: Fixtures.agent, machines: [revisions[2]], former: [revisions[0], revisions[1], revisions[1]])
        let base = "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/_meta/rev/"
        let fresh = extras(dialect, now: begin.advanced(by: day * 2))
        #expect(fresh.map(\.topic) == [base + "10", base + "11"])
        #expect(fresh.allSatisfy { $0.retain && $0.qos == 1 })
        let told = try fresh.map { try json($0)["rev"] as? Int }
        #expect(told == [10, 11])
        // A moment after 30 days without revision 10, and with a reading of its time that still waits.
        let later = begin.advanced(by: day * 31 + .seconds(1))
        #expect(extras(dialect, now: later).map(\.payload.isEmpty) == [true, false])
        #expect(dialect.outdated(ReferenceMoment(now: later, oldestPending: nil)) == [base + "10"])
        let waiting = begin.advanced(by: .seconds(5))
        #expect(extras(dialect, now: later, oldestPending: waiting).map(\.payload.isEmpty) == [false, false])
        #expect(extras(dialect, now: begin.advanced(by: day * 40)).allSatisfy { $0.payload.isEmpty })
        #expect(dialect.birth(Fixtures.status).allSatisfy { !$0.payload.isEmpty })
    }

    @Test func `both forms of a topic are equally long, so one check at the start is enough for both`() {
        for machine in [Fixtures.meter, Fixtures.press] {
            let topics = TopicTree.Form.allCases.map { form in
                TopicTree.longestTopic(
                    location: machine.location, signals: machine.signals.map(\.name), form: form)
            }
            #expect(Set(topics.map(\.utf8.count)).count == 1)
        }
    }
}
