import KoppelCore
import KoppelDialects
import KoppelTestKit
import Testing

struct SparkplugDialectTests {
    private let dialect = SparkplugDialect(
        SparkplugSettings(group: "acme:dordrecht", node: "box-1", primaryHost: "scada"), agent: Fixtures.agent,
        machines: [Fixtures.meter, Fixtures.press])
    private let meter = Fixtures.meter.number
    private let press = Fixtures.press.number

    private func stamp(_ seq: UInt8) -> EdgeNodeStamp { EdgeNodeStamp(seq: seq, time: Fixtures.moment) }

    private func hex(_ message: OutgoingMessage?) -> String {
        (message?.payload ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func data(_ data: [DeviceDatum], of machine: MachineNumber) throws -> ReadPayload {
        let message = try #require(dialect.deviceData(machine, data, stamp(1)))
        return try #require(ReadPayload(message.payload))
    }

    private func birth(_ data: [DeviceDatum] = [], of machine: MachineNumber) throws -> ReadPayload {
        let message = try #require(dialect.deviceBirth(machine, data, stamp(1)))
        return try #require(ReadPayload(message.payload))
    }

    private func reading(_ signal: UInt16, _ value: Value?, _ condition: Condition = .good) -> DeviceDatum {
        DeviceDatum(.reading(Fixtures.reading(signal, seq: 1, value, condition)))
    }

    // MARK: The vectors of data model 3.13

    @Test func `two readings are the 41 bytes of the data model`() {
        let message = dialect.deviceData(meter, [reading(0, .float(231.4)), reading(1, .float(1874.5))], stamp(2))
        #expect(
            hex(message)
                == "08c8baf7ecca33120e100118c8baf7ecca336566666743120e100218c8baf7ecca33650050ea441802")
        #expect(message?.topic == "spBv1.0/acme:dordrecht/DDATA/box-1/meter-01")
        #expect(message?.qos == 0 && message?.retain == false)
    }

    @Test func `a stale reading is the 43 bytes of the data model`() {
        let message = dialect.deviceData(meter, [reading(0, .float(231.4), .staleCommunication)], stamp(3))
        #expect(
            hex(message)
                == "08c8baf7ecca331220100118c8baf7ecca334a100a075175616c6974791205080318f40365666667431803")
    }

    // MARK: Quality

    @Test(arguments: Condition.allCases)
    func `each condition has the Sparkplug quality of the data model, and a code where that does not say it all`(
        _ condition: Condition
    ) throws {
        let value: Value? = condition.quality == .bad ? nil : .float(1)
        let metric = try #require(try data([reading(0, value, condition)], of: meter).metrics.first)
        let expected: UInt64? =
            switch condition {
            case .good, .localOverride, .clockUnsynchronised: nil
            case .acknowledge, .staleCommunication, .frozen: 500
            default: 0
            }
        #expect(metric.quality == expected)
        #expect(metric.property("Quality")?.type == (expected == nil ? nil : 3))
        let code = metric.property("koppel/statusCode")
        let saysItAll = condition == .good || condition == .staleCommunication
        #expect(code?.value?.number == (saysItAll ? nil : UInt64(condition.statusCode)))
        #expect(code?.type == (saysItAll ? nil : 4))
        #expect((metric.isNull == true) == (value == nil))
        #expect((metric.value == nil) == (value == nil))
    }

    @Test func `good is said where something else was said before`() throws {
        var datum = reading(0, .float(1))
        datum.saysGood = true
        #expect(try data([datum], of: meter).metrics.first?.quality == 192)
    }

    // MARK: Types

    @Test(
        arguments: [
            (0, .bool(true), 11, 14, 1), (1, .uint(7), 6, 10, 7), (2, .uint(1 << 63), 8, 11, 1 << 63),
            (5, .int(-1), 4, 11, .max),
        ] as [(UInt16, Value, UInt64, Int, UInt64)])
    func `a value stands in the field of its type`(
        signal: UInt16, value: Value, type: UInt64, field: Int, number: UInt64
    ) throws {
        let metric = try #require(try data([reading(signal, value)], of: press).metrics.first)
        #expect(metric.value?.field == field && metric.value?.number == number)
        #expect(metric.name == nil && metric.datatype == nil, "data goes by alias alone")
        let born = try birth(of: press).metrics.first { $0.alias == metric.alias }
        #expect(born?.datatype == type)
    }

    @Test(arguments: [(DataType.sbyte, 0xFF), (.int16, 0xFFFF), (.int32, 0xFFFF_FFFF)] as [(DataType, UInt64)])
    func `a negative number is cut to the size of its type`(type: DataType, expected: UInt64) throws {
        var machine = Fixtures.press
        machine.signals[0].dataType = type
        let dialect = SparkplugDialect(
            SparkplugSettings(group: "g", node: "n"), agent: Fixtures.agent, machines: [machine])
        let message = try #require(dialect.deviceData(press, [reading(0, .int(-1))], stamp(0)))
        #expect(ReadPayload(message.payload)?.metrics.first?.value?.number == expected)
    }

    @Test func `a value that does not fit its type is null and not another number`() throws {
        #expect(try data([reading(1, .uint(70_000))], of: press).metrics.first?.isNull == true)
        #expect(try data([reading(1, .text("x"))], of: press).metrics.first?.isNull == true)
    }

    @Test func `P78: a metric carries the moment of reading, and its message the moment of sending`() throws {
        let sent = EdgeNodeStamp(seq: 4, time: Fixtures.moment.advanced(by: .seconds(3_600)))
        let message = try #require(dialect.deviceData(meter, [reading(0, .float(231.4))], sent))
        let payload = try #require(ReadPayload(message.payload))
        #expect(payload.metrics.first?.timestamp == 1_772_439_330_120)
        #expect(payload.timestamp == 1_772_439_330_120 + 3_600_000)
    }

    @Test func `a moment is told in milliseconds`() throws {
        var machine = Fixtures.press
        machine.signals[0].dataType = .dateTime
        let dialect = SparkplugDialect(
            SparkplugSettings(group: "g", node: "n"), agent: Fixtures.agent, machines: [machine])
        let message = try #require(
            dialect.deviceData(press, [reading(0, .int(Fixtures.moment.nanoseconds))], stamp(0)))
        #expect(ReadPayload(message.payload)?.metrics.first?.value?.number == 1_772_439_330_120)
    }

    // MARK: Births

    @Test func `a birth names each metric once, with alias, type, unit, range and revision`() throws {
        let payload = try birth([reading(0, .float(231.4))], of: meter)
        #expect(
            payload.metrics.compactMap(\.name) == ["electrical/voltage", "electrical/active-power", "energy/import"])
        #expect(payload.metrics.map(\.alias) == [1, 2, 4], "the descriptor's aliases, with a retired signal at 3")
        let voltage = try #require(payload.metric("electrical/voltage"))
        #expect(voltage.value?.float == 231.4 && voltage.datatype == 9)
        #expect(voltage.property("engUnit")?.value?.text == "V")
        #expect(voltage.property("koppel/ucum")?.value?.text == "V")
        #expect(voltage.property("koppel/unece")?.value?.text == "VLT")
        #expect(voltage.property("koppel/low")?.value?.double == 207)
        #expect(voltage.property("koppel/high")?.value?.double == 253)
        #expect(voltage.property("koppel/rev")?.value?.number == 12)
        #expect(voltage.property("koppel/rev")?.type == 7)
    }

    @Test func `what nothing was read of yet is born null and bad, waiting for its first value`() throws {
        let power = try #require(try birth(of: meter).metric("electrical/active-power"))
        #expect(power.isNull == true && power.value == nil && power.quality == 0)
        #expect(power.property("koppel/statusCode")?.value?.number == 0x8032_0000)
    }

    @Test func `no alias stands for two metrics of the node`() throws {
        var press = Fixtures.press
        press.hasState = true
        press.alarms = [Fixtures.id("jam")]
        let dialect = SparkplugDialect(
            SparkplugSettings(group: "g", node: "n"), agent: Fixtures.agent, machines: [press, Fixtures.meter])
        let births = [
            dialect.nodeBirth(status, bdSeq: 0, stamp(0)), dialect.deviceBirth(press.number, [], stamp(1)),
            dialect.deviceBirth(meter, [], stamp(2)),
        ]
        let aliases = births.compactMap { $0.flatMap { ReadPayload($0.payload) } }.flatMap(\.metrics)
            .compactMap(\.alias)
        #expect(Set(aliases).count == aliases.count)
        #expect(aliases.count == 4 + (6 + 3 + 1) + 3)
    }

    private let status = EdgeNodeStatus(session: Fixtures.session, clock: .synchronised, dropped: 0)

    @Test func `state and alarms are metrics of their own`() throws {
        var machine = Fixtures.press
        machine.hasState = true
        machine.alarms = [Fixtures.id("jam")]
        let dialect = SparkplugDialect(
            SparkplugSettings(group: "g", node: "n"), agent: Fixtures.agent, machines: [machine])
        let state = MachineState(
            seq: 3, what: .init(state: "executing", mode: "production"), basis: .register, since: Fixtures.moment,
            condition: .good, time: Fixtures.moment)
        let alarm = AlarmChange(
            seq: 1, code: Fixtures.id("jam"), text: [:], level: .warning, severity: 500, isActive: true,
            since: Fixtures.moment, time: Fixtures.moment)
        let message = try #require(
            dialect.deviceBirth(press, [DeviceDatum(.state(state)), DeviceDatum(.alarm(alarm))], stamp(1)))
        let payload = try #require(ReadPayload(message.payload))
        #expect(payload.metric("State/Current")?.value?.text == "executing")
        #expect(payload.metric("State/Mode")?.value?.text == "production")
        #expect(payload.metric("State/Sub")?.isNull == true)
        #expect(payload.metric("Alarm/jam")?.value?.number == 1)
        #expect(payload.metric("Alarm/jam")?.datatype == 11)
    }

    @Test func `a gap is a null of the past that says how long it is, how much is missing and why`() throws {
        let gap = Gap(
            signal: SignalNumber(rawValue: 0), from: Fixtures.moment,
            to: Fixtures.moment.advanced(by: .seconds(60)), lost: 60, reason: .agentCrashed)
        let metric = try #require(
            try data([DeviceDatum(.gap(gap), isHistorical: true)], of: meter).metrics.first)
        #expect(metric.isNull == true && metric.isHistorical == true && metric.quality == 0)
        #expect(metric.timestamp == 1_772_439_330_120)
        #expect(metric.property("koppel/statusCode")?.value?.number == 0x809D_0000)
        #expect(metric.property("koppel/gapTo")?.value?.number == 1_772_439_390_120)
        #expect(metric.property("koppel/gapLost")?.value?.number == 60)
        #expect(metric.property("koppel/gapReason")?.value?.text == "agent-crashed")
    }

    @Test func `what is of no device, or of a signal that is gone, makes no message`() {
        let nobody = MachineNumber(rawValue: 9)
        #expect(dialect.deviceBirth(nobody, [], stamp(0)) == nil)
        #expect(dialect.deviceData(nobody, [reading(0, .float(1))], stamp(0)) == nil)
        #expect(dialect.deviceDeath(nobody, stamp(0)) == nil)
        #expect(dialect.deviceData(meter, [reading(2, .float(1)), reading(900, .float(1))], stamp(0)) == nil)
    }

    @Test func `of the node only what changed is told again`() throws {
        #expect(dialect.nodeData(status, before: status, stamp(4)) == nil)
        var next = status
        next.dropped = 12
        let message = try #require(dialect.nodeData(next, before: status, stamp(4)))
        let payload = try #require(ReadPayload(message.payload))
        #expect(payload.metrics.map { $0.value?.number } == [12])
        #expect(message.topic == "spBv1.0/acme:dordrecht/NDATA/box-1")
    }
}
