import Foundation
import KoppelCore
import KoppelDialects
import Testing

/// One message with its golden file, `NAME.SCHEMA.json`.
struct GoldenMessage: CustomTestStringConvertible, Sendable {
    let file: String
    let topic: String
    let make: @Sendable (DataModelDialect) -> OutgoingMessage?
    var retain = true

    var testDescription: String { file }
    var schema: String { String(file.split(separator: ".")[1]) }
    var url: URL { SchemaCheck.repository.appending(path: "Tests/KoppelDialectsTests/Golden/data-model/\(file)") }

    private static let meter = "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/"
    private static let press = "kpl/v1/acme/dordrecht/press-2/"
    private static let agent = "kpl/v1/acme/dordrecht/_agent/box-1/status"
    private static let latest = LastValue(value: .float(231.4), time: Fixtures.moment)

    private static func value(
        _ file: String, of machine: MachineDescription, _ reading: Reading, last: LastValue? = nil
    ) -> GoldenMessage {
        let signal = machine.signals.first { $0.number == reading.signal }
        return GoldenMessage(
            file: file,
            topic: (machine.id == Fixtures.meter.id ? meter : press) + "_value/\(signal?.name.description ?? "")",
            make: { $0.latest(reading, of: machine.number, rev: machine.rev, epoch: 7, last: last) })
    }

    private static func batch(
        _ file: String, of machine: MachineDescription, _ records: [StoredRecord], buffered: Bool = false
    ) -> GoldenMessage {
        GoldenMessage(
            file: file, topic: (machine.id == Fixtures.meter.id ? meter : press) + "_batch",
            make: { $0.batch(records, buffered: buffered) }, retain: false)
    }

    static let all: [GoldenMessage] = statuses + values + batches + states + events

    private static let statuses = [
        GoldenMessage(file: "status-online.status.json", topic: agent, make: { $0.status(Fixtures.status) }),
        GoldenMessage(
            file: "status-behind.status.json", topic: agent,
            make: {
                var status = Fixtures.status
                status.clock = .holdover
                status.clockErrorMilliseconds = nil
                status.pending = 12_345
                status.oldestPending = Fixtures.moment
                status.dropped = 67
                return $0.status(status)
            }),
        GoldenMessage(file: "status-offline.status.json", topic: agent, make: { $0.will(session: Fixtures.session) }),
        GoldenMessage(file: "meter.descriptor.json", topic: meter + "_meta", make: { $0.birth(Fixtures.status)[1] }),
        GoldenMessage(
            file: "meter-revision.descriptor.json", topic: meter + "_meta/rev/12",
            make: { $0.birth(Fixtures.status)[2] }),
        GoldenMessage(file: "press.descriptor.json", topic: press + "_meta", make: { $0.birth(Fixtures.status)[3] }),
    ]

    private static let values = [
        value("good.value.json", of: Fixtures.meter, Fixtures.reading(0, seq: 48_213, .float(231.4))),
        value(
            "uncertain.value.json", of: Fixtures.meter,
            Fixtures.reading(0, seq: 48_214, .float(231.4), .staleCommunication), last: latest),
        value(
            "bad.value.json", of: Fixtures.meter,
            Fixtures.reading(0, seq: 48_215, at: 30_190_000_000, nil, .noCommunication), last: latest),
        value("bad-at-start.value.json", of: Fixtures.meter, Fixtures.reading(0, seq: 1, nil, .waiting)),
        value("local-override.value.json", of: Fixtures.meter, Fixtures.reading(1, seq: 5, .float(5), .localOverride)),
        value("not-a-number.value.json", of: Fixtures.meter, Fixtures.reading(0, seq: 6, .float(.nan))),
        value("bool.value.json", of: Fixtures.press, Fixtures.reading(0, seq: 1, .bool(true))),
        value(
            "text.value.json", of: Fixtures.press,
            Fixtures.reading(3, seq: 9_007_199_254_740_991, .text("A\"\\/\u{0}\u{1F}\t\n\r\u{8}\u{C}é€\u{1F600}"))),
        value("large.value.json", of: Fixtures.press, Fixtures.reading(2, seq: 2, .uint(.max))),
        value("large-negative.value.json", of: Fixtures.press, Fixtures.reading(5, seq: 2, .int(.min))),
    ]

    private static let working = StateRule.MappedState(
        state: "executing", mode: "processing", cause: "none", sub: "Execute")
    private static let starved = StateRule.MappedState(
        state: "notExecuting", mode: "processing", cause: "starved", sub: "Suspended")

    private static func state(
        _ file: String, _ what: StateRule.MappedState, seq: UInt64, _ condition: Condition = .good,
        basis: MachineState.Basis = .register, number: Int64? = nil, sources: [MachineState.Source] = []
    ) -> GoldenMessage {
        let state = MachineState(
            seq: seq, what: what, number: number, basis: basis, sources: sources,
            since: Fixtures.moment.advanced(by: .seconds(-318)), condition: condition, time: Fixtures.moment)
        return GoldenMessage(
            file: file, topic: press + "_state",
            make: { $0.latest(state, of: Fixtures.press.number, rev: Fixtures.press.rev, epoch: 7) })
    }

    private static let states = [
        state(
            "executing.state.json", working, seq: 5_121, number: 6,
            sources: [MachineState.Source(signal: Fixtures.name("status/unit-state"), value: .uint(6))]),
        state("lost.state.json", .unknown(cause: "communication"), seq: 5_122, .noCommunication),
        state(
            "unmapped.state.json", .unknown(cause: "unknown"), seq: 1, .unmappedState, number: 99,
            sources: [MachineState.Source(signal: Fixtures.name("status/unit-state"), value: .uint(99))]),
        state(
            "from-power.state.json", StateRule.MappedState(state: "executing"), seq: 2, .derived, basis: .power,
            sources: [MachineState.Source(signal: Fixtures.name("electrical/active-power"), value: .float(712.5))]),
        state(
            "from-bits.state.json", StateRule.MappedState(state: "outOfService", cause: "fault"), seq: 3, basis: .bits),
        GoldenMessage(
            file: "door.alarm.json", topic: press + "_alarm/spindle-temp-high",
            make: { $0.latest(alarm(isActive: true), of: Fixtures.press.number, rev: 1) }),
    ]

    private static func alarm(isActive: Bool) -> AlarmChange {
        AlarmChange(
            seq: isActive ? 311 : 313, code: Fixtures.id("spindle-temp-high"), nativeCode: "217",
            text: ["nl": "Spindeltemperatuur te hoog", "en": "Spindle temperature high"],
            level: isActive ? .warning : .fault, severity: 500, isActive: isActive,
            signal: Fixtures.name("spindle/temperature"), value: .double(71.5), since: Fixtures.moment,
            time: Fixtures.moment.advanced(by: .seconds(isActive ? 0 : 60)))
    }

    private static func event(_ file: String, _ topic: String, _ occurrence: Occurrence) -> GoldenMessage {
        GoldenMessage(
            file: file, topic: press + topic,
            make: { $0.event(occurrence, of: Fixtures.press.number, rev: Fixtures.press.rev, epoch: 7) }, retain: false)
    }

    private static let events = [
        event(
            "state-changed.event.json", "_event/state-changed",
            .state(
                MachineState(
                    seq: 5_102, what: working, number: 6, basis: .register, since: Fixtures.moment, condition: .good,
                    time: Fixtures.moment,
                    change: MachineState.Change(from: starved, after: .milliseconds(94_250))))),
        event("raised.event.json", "_event/alarm", .alarm(alarm(isActive: true))),
        event("gone.event.json", "_event/alarm", .alarm(alarm(isActive: false))),
        event(
            "rollover.event.json", "_event/counter-reset",
            .counter(
                CounterEvent(
                    seq: 312, signal: Fixtures.name("counters/strokes"), before: .uint(65_534), after: .uint(3),
                    verdict: .rollover, credited: .uint(5), time: Fixtures.moment))),
        event(
            "gap.event.json", "_event/counter-reset",
            .counter(
                CounterEvent(
                    seq: 313, signal: Fixtures.name("counters/strokes"), before: .double(12.5), after: .double(3),
                    verdict: .gap, credited: nil, time: Fixtures.moment))),
        event(
            "window.oee.json", "_oee",
            .window(
                MachineWindow(
                    start: Fixtures.moment, end: Fixtures.moment.advanced(by: .seconds(900)), isClosed: true,
                    shares: [
                        MachineWindow.Share(what: working, nanoseconds: 742_500_000_000),
                        MachineWindow.Share(what: starved, nanoseconds: 155_700_000_000),
                        MachineWindow.Share(what: .unknown(cause: "communication"), nanoseconds: 1_800_000_000),
                    ],
                    counts: [
                        MachineWindow.Amount(name: "all", unit: "{#}", delta: 121, condition: .good),
                        MachineWindow.Amount(name: "bad", unit: "{#}", delta: nil, condition: .waiting),
                    ],
                    energy: [
                        MachineWindow.Amount(name: "active-import", unit: "kW.h", delta: 0.471, condition: .derived)
                    ], covered: 898_200_000_000))),
    ]

    private static let batches = [
        batch(
            "example.batch.json", of: Fixtures.meter,
            zip(
                [0, 1_000_250_000, 2_000_410_000, 3_000_190_000] as [Int64],
                [
                    (231.4, 1874.5), (231.2, 1881), nil, (231.6, 1902.25),
                ] as [(Float, Float)?]
            ).enumerated().map { index, sample in
                Fixtures.stored([
                    Fixtures.reading(
                        0, seq: 48_213 + UInt64(index), at: sample.0, sample.1.map { .float($0.0) },
                        sample.1 == nil ? .timeout : .good),
                    Fixtures.reading(
                        1, seq: 48_213 + UInt64(index), at: sample.0, sample.1.map { .float($0.1) },
                        sample.1 == nil ? .timeout : .good),
                ])
            }),
        batch(
            "split.batch.json", of: Fixtures.meter,
            [
                Fixtures.stored([
                    Fixtures.reading(0, seq: 1, at: 10, .float(1)), Fixtures.reading(1, seq: 1, at: 10, .float(2)),
                ]),
                // Republished as stale with its old time, then read again after a jump in seq.
                Fixtures.stored([Fixtures.reading(0, seq: 2, at: 10, .float(1), .staleCommunication)]),
                Fixtures.stored([
                    Fixtures.reading(0, seq: 3, at: 5, .float(1)), Fixtures.reading(0, seq: 5, at: 20, .float(1.5)),
                ]),
                Fixtures.stored([
                    Fixtures.reading(2, seq: 5, at: 20, .float(1.5)), Fixtures.reading(1, seq: 2, at: 20, .float(2.5)),
                ]),
            ], buffered: true),
        batch(
            "gaps.batch.json", of: Fixtures.meter,
            [
                Fixtures.stored(
                    [Fixtures.reading(3, seq: 901, .double(20.125))],
                    gaps: [
                        Gap(
                            signal: SignalNumber(rawValue: 3), from: Fixtures.moment.advanced(by: .seconds(-900)),
                            to: Fixtures.moment.advanced(by: .seconds(-1)), lost: 900, reason: .bufferOverflow),
                        Gap(
                            signal: SignalNumber(rawValue: 2), from: Fixtures.moment, to: Fixtures.moment, lost: 1,
                            reason: .slotMissed),
                    ]),
                Fixtures.stored(
                    [Fixtures.reading(3, seq: 902, .double(20.25))],
                    gaps: [
                        Gap(
                            signal: SignalNumber(rawValue: 0), from: Fixtures.moment, to: Fixtures.moment, lost: 1,
                            reason: .slotMissed)
                    ]),
            ]),
        batch(
            "types.batch.json", of: Fixtures.press,
            [
                Fixtures.stored(
                    [
                        Fixtures.reading(0, seq: 1, .bool(true)), Fixtures.reading(1, seq: 1, .uint(65_535)),
                        Fixtures.reading(2, seq: 1, .uint(9_007_199_254_740_992)),
                        Fixtures.reading(3, seq: 1, .text("SN \"1\"")), Fixtures.reading(4, seq: 1, .double(234.1)),
                        Fixtures.reading(5, seq: 1, .int(-9_007_199_254_740_991)),
                    ], of: Fixtures.press),
                Fixtures.stored(
                    [
                        Fixtures.reading(0, seq: 2, .bool(false)), Fixtures.reading(1, seq: 2, .uint(0)),
                        Fixtures.reading(2, seq: 2, .uint(9_007_199_254_740_991)),
                        Fixtures.reading(3, seq: 2, .text("")),
                        Fixtures.reading(4, seq: 2, .double(.infinity)), Fixtures.reading(5, seq: 2, .int(.max)),
                    ], of: Fixtures.press),
            ]),
    ]
}

@Suite(.timeLimit(.minutes(5)))
struct GoldenTests {
    private let dialect = DataModelDialect(agent: Fixtures.agent, machines: [Fixtures.meter, Fixtures.press])

    /// With `KOPPEL_WRITE_GOLDEN=1` the files are written anew, to be read before they are committed.
    @Test(arguments: GoldenMessage.all)
    func `a message is, byte for byte, its golden file`(_ golden: GoldenMessage) throws {
        let message = try #require(golden.make(dialect))
        #expect(message.topic == golden.topic)
        #expect(message.retain == golden.retain)
        #expect(message.qos == 1)
        #expect(
            message.contentType == (golden.schema == "event" ? "application/cloudevents+json" : "application/json"))
        if ProcessInfo.processInfo.environment["KOPPEL_WRITE_GOLDEN"] != nil {
            try Data(message.payload + [0x0A]).write(to: golden.url)
        }
        let expected = try Data(contentsOf: golden.url)
        #expect(String(decoding: message.payload, as: UTF8.self) + "\n" == String(decoding: expected, as: UTF8.self))
    }

    @Test(
        .enabled(if: SchemaCheck.isAvailable, "\(SchemaCheck.whyNot)"),
        arguments: ["status", "descriptor", "value", "batch", "state", "alarm", "event", "oee"])
    func `the golden files are valid messages of the data model`(schema: String) async throws {
        let files = GoldenMessage.all.filter { $0.schema == schema }.map { $0.url.path() }
        #expect(!files.isEmpty)
        #expect(try await SchemaCheck.faults(schema: schema, files: files) == "")
    }

    @Test func `the birth is the status, then each machine's descriptor as current and under its revision`() {
        #expect(
            dialect.birth(Fixtures.status).map(\.topic) == [
                "kpl/v1/acme/dordrecht/_agent/box-1/status",
                "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/_meta",
                "kpl/v1/acme/dordrecht/hal-2/lijn-1/meter-01/_meta/rev/12",
                "kpl/v1/acme/dordrecht/press-2/_meta",
                "kpl/v1/acme/dordrecht/press-2/_meta/rev/1",
            ])
    }

    @Test func `3_11: an alarm that has gone, and a state that is no more, clear what was retained`() throws {
        var gone = AlarmChange(
            seq: 1, code: Fixtures.id("door"), text: [:], level: .fault, severity: 1, isActive: false,
            since: Fixtures.moment, time: Fixtures.moment)
        let cleared = try #require(dialect.latest(gone, of: Fixtures.press.number, rev: 1))
        #expect(cleared.payload.isEmpty && cleared.retain)
        gone.isActive = true
        #expect(dialect.latest(gone, of: Fixtures.press.number, rev: 1)?.topic == cleared.topic)
        let state = try #require(dialect.latest(nil as MachineState?, of: Fixtures.press.number, rev: 1, epoch: 1))
        #expect(state.payload.isEmpty && state.retain)
        #expect(state.topic == "kpl/v1/acme/dordrecht/press-2/_state")
        #expect(dialect.latest(gone, of: MachineNumber(rawValue: 9), rev: 1) == nil)
    }

    @Test func `3_11: what a machine that is gone retained of states and alarms is cleared`() {
        var former = Fixtures.press
        former.hasState = true
        former.alarms = [Fixtures.id("door")]
        let dialect = DataModelDialect(agent: Fixtures.agent, machines: [Fixtures.meter], former: [former])
        let cleared = dialect.retired.map(\.topic)
        #expect(cleared.contains("kpl/v1/acme/dordrecht/press-2/_state"))
        #expect(cleared.contains("kpl/v1/acme/dordrecht/press-2/_alarm/door"))
    }

    @Test func `3_12: the same occurrence has the same id whenever it is told, and another one another`() throws {
        func id(_ seq: UInt64, epoch: UInt32 = 7, machine: MachineDescription = Fixtures.press) throws -> String {
            let event = Occurrence.counter(
                CounterEvent(
                    seq: seq, signal: Fixtures.name("a/b"), before: .uint(2), after: .uint(1), verdict: .reset,
                    credited: .uint(1), time: Fixtures.moment))
            let message = try #require(dialect.event(event, of: machine.number, rev: 1, epoch: epoch))
            let text = String(decoding: message.payload, as: UTF8.self)
            return try #require(text.split(separator: "\"").dropFirst(7).first.map(String.init))
        }
        let first = try id(1)
        #expect(try id(1) == first)
        let ids = try (1...1_000).map { try id($0) } + [try id(1, epoch: 8), try id(1, machine: Fixtures.meter)]
        #expect(Set(ids).count == 1_002)
        #expect(
            try first.wholeMatch(of: Regex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"))
                != nil)
    }

    @Test func `a machine without signals has no descriptor, since that would not be valid`() {
        var empty = Fixtures.meter
        empty.signals = []
        let dialect = DataModelDialect(agent: Fixtures.agent, machines: [empty])
        #expect(dialect.birth(Fixtures.status).count == 1)
        #expect(dialect.batch([Fixtures.stored([Fixtures.reading(0, seq: 1, .float(1))])], buffered: false) == nil)
    }
}
