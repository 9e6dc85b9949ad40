import KoppelCore
import KoppelDialects
import Testing

struct DataModelDialectTests {
    @Test(arguments: DialectConformance.promises)
    func `the data-model dialect keeps the promises of the port`(_ promise: DialectConformance.Promise) throws {
        try promise.check(
            DialectConformance.Subject(make: { DataModelDialect(agent: $0, machines: $1) }))
    }

    @Test func `a signal is known by its number, not by its place in the description`() throws {
        var machine = Fixtures.meter
        machine.signals = machine.signals.reversed()
        let dialect = DataModelDialect(agent: Fixtures.agent, machines: [machine])
        let message = try #require(
            dialect.latest(Fixtures.reading(3, seq: 1, .double(1)), of: machine.number, rev: 1, epoch: 1, last: nil))
        #expect(message.topic.hasSuffix("_value/energy/import"))
    }

    @Test func `readings under an older revision are not given the unit of the present one`() throws {
        let dialect = DataModelDialect(agent: Fixtures.agent, machines: [Fixtures.meter])
        for (rev, hasUnit) in [(Fixtures.meter.rev, true), (Fixtures.meter.rev - 1, false)] {
            let record = SweepRecord(
                machine: Fixtures.meter.number, rev: rev, clock: .synchronised,
                readings: [Fixtures.reading(0, seq: 1, .double(230))])
            let stored = StoredRecord(position: JournalPosition(rawValue: 1), epoch: 1, record: record)
            let message = try #require(dialect.batch([stored], buffered: true))
            #expect(String(decoding: message.payload, as: UTF8.self).contains(#""unit""#) == hasUnit)
        }
    }

    @Test func `a retired signal and a retired machine are cleared with empty retained payloads`() throws {
        var meter = Fixtures.meter
        let gone = meter.signals.removeLast()
        let dialect = DataModelDialect(
            agent: Fixtures.agent, machines: [meter], former: [Fixtures.meter, Fixtures.press])
        let cleared = dialect.retired
        #expect(cleared.allSatisfy { $0.payload.isEmpty })
        #expect(cleared.allSatisfy { $0.retain && $0.qos == 1 })
        let topics = cleared.map(\.topic)
        #expect(topics.contains { $0.hasSuffix("meter-01/_value/\(gone.name)") })
        #expect(topics.filter { $0.contains("meter-01/_value") }.count == 1)
        #expect(topics.filter { !$0.contains("meter-01/") }.count == Fixtures.press.signals.count + 1)
        let unchanged = DataModelDialect(agent: Fixtures.agent, machines: [meter], former: [meter])
        #expect(unchanged.retired.isEmpty)
    }
}

struct DialectRegistryTests {
    private func destination(_ kind: DestinationSettings.DialectKind, _ sparkplug: SparkplugSettings? = nil)
        -> DestinationSettings
    {
        DestinationSettings(
            id: Fixtures.id("plant"), host: "broker", port: 1883, clientID: "koppel", dialect: kind,
            sparkplug: sparkplug, publish: [], share: .all)
    }

    @Test func `the data model is served`() throws {
        let spoken = try DialectRegistry.dialect(
            of: destination(.dataModel), agent: Fixtures.agent, machines: [Fixtures.meter])
        guard case .messages(let dialect) = spoken else {
            Issue.record("the data model needs no session")
            return
        }
        #expect(dialect.will(session: Fixtures.session).topic == "kpl/v1/acme/dordrecht/_agent/box-1/status")
    }

    @Test func `Sparkplug B is served as an edge node, which needs an identity`() throws {
        let spoken = try DialectRegistry.dialect(
            of: destination(.sparkplugB, SparkplugSettings(group: "g", node: "n")), agent: Fixtures.agent,
            machines: [Fixtures.meter])
        guard case .edgeNode(let dialect) = spoken else {
            Issue.record("Sparkplug needs a session")
            return
        }
        #expect(dialect.nodeDeath(bdSeq: 0, at: Fixtures.moment).topic == "spBv1.0/g/NDEATH/n")
        let error = #expect(throws: DialectError.self) {
            _ = try DialectRegistry.dialect(of: destination(.sparkplugB), agent: Fixtures.agent, machines: [])
        }
        #expect(error?.description.contains("group and edge node id") == true)
    }
}

struct TopicTreeTests {
    @Test func `the longest topic of a machine is found in both forms`() {
        let signals = Fixtures.meter.signals.map(\.name)
        #expect(
            TopicTree.longestTopic(location: Fixtures.meter.location, signals: signals)
                == "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/_value/electrical/active-power")
        #expect(
            TopicTree.longestTopic(location: Fixtures.meter.location, signals: signals, form: .flat)
                == "kpl/v1/acme/dordrecht/hal-2.lijn-1.meter-01/_value/electrical.active-power")
    }

    @Test func `an alarm or a revision may be what makes a topic longest`() {
        let alarm = Fixtures.id("spindle-temperature-far-too-high")
        let plant = Fixtures.press.location
        #expect(
            TopicTree.longestTopic(location: plant, signals: [Fixtures.name("a/b")], alarms: [alarm])
                == "kpl/v1/acme/dordrecht/press-2/_alarm/spindle-temperature-far-too-high")
        #expect(
            TopicTree.longestTopic(location: plant, signals: [Fixtures.name("a/b")])
                == "kpl/v1/acme/dordrecht/press-2/_meta/rev/4294967295")
    }
}
