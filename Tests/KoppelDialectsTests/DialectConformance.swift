import KoppelCore
import Testing

/// What every ``Dialect`` promises. A new dialect runs all of it:
///
/// ```swift
/// @Test(arguments: DialectConformance.promises)
/// func `my dialect keeps the promises of the port`(_ promise: DialectConformance.Promise) throws {
///     try promise.check(DialectConformance.Subject(make: { MyDialect(...) }))
/// }
/// ```
enum DialectConformance {
    struct Subject: Sendable {
        /// Makes the dialect for these machines.
        let make: @Sendable (AgentDescription, [MachineDescription]) -> any Dialect

        func standard() -> any Dialect { make(Fixtures.agent, [Fixtures.meter, Fixtures.press]) }
    }

    struct Promise: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let check: @Sendable (Subject) throws -> Void

        init(_ sentence: String, _ check: @escaping @Sendable (Subject) throws -> Void) {
            testDescription = sentence
            self.check = check
        }
    }

    static let promises: [Promise] = [
        Promise("the birth begins with the status, on the topic of the will") { subject in
            let dialect = subject.standard()
            let birth = dialect.birth(Fixtures.status)
            #expect(birth.first?.topic == dialect.will(session: Fixtures.session).topic)
            #expect(birth.first == dialect.status(Fixtures.status))
            #expect(birth.count > 2, "a descriptor for each machine")
        },
        Promise("the will is not the status, and differs per session") { subject in
            let dialect = subject.standard()
            let will = dialect.will(session: Fixtures.session)
            #expect(will.payload != dialect.status(Fixtures.status).payload)
            #expect(will != dialect.will(session: "urn:uuid:00000000-0000-4000-8000-000000000000"))
        },
        Promise("topics can be published to: 1 to 255 bytes, no wildcard, not a broker's own") { subject in
            for message in messages(of: subject.standard()) {
                #expect((1...255).contains(message.topic.utf8.count))
                #expect(!message.topic.contains { $0 == "+" || $0 == "#" || $0 == "\0" })
                #expect(message.topic.first != "$")
                #expect(message.qos <= 1)
            }
        },
        Promise("the same input gives the same message") { subject in
            #expect(messages(of: subject.standard()) == messages(of: subject.standard()))
        },
        Promise("history is not retained, so that no receiver takes it for the latest") { subject in
            let message = try #require(subject.standard().batch(records, buffered: true))
            #expect(!message.retain)
        },
        Promise("live and buffered history can be told apart") { subject in
            let dialect = subject.standard()
            #expect(dialect.batch(records, buffered: true)?.payload != dialect.batch(records, buffered: false)?.payload)
        },
        Promise("a machine that is not known gives no message") { subject in
            let dialect = subject.make(Fixtures.agent, [Fixtures.press])
            #expect(dialect.batch(records, buffered: false) == nil)
            #expect(dialect.latest(good, of: Fixtures.meter.number, rev: 1, epoch: 1, last: nil) == nil)
        },
        Promise("a signal that was retired is passed over") { subject in
            let dialect = subject.standard()
            for number in [2, 4, 999, .max] as [UInt16] {
                let retired = Fixtures.reading(number, seq: 1, .float(1))
                #expect(dialect.latest(retired, of: Fixtures.meter.number, rev: 12, epoch: 7, last: nil) == nil)
                #expect(dialect.batch([Fixtures.stored([retired])], buffered: false) == nil)
                let mixed = dialect.batch([Fixtures.stored([retired, good])], buffered: false)
                #expect(mixed == dialect.batch([Fixtures.stored([good])], buffered: false))
            }
        },
        Promise("P40: a reading without a value is never sent as one with a value") { subject in
            let dialect = subject.standard()
            let bad = Fixtures.reading(0, seq: 1, nil, .timeout)
            let zero = Fixtures.reading(0, seq: 1, .float(0))
            #expect(
                dialect.latest(bad, of: Fixtures.meter.number, rev: 12, epoch: 7, last: nil)
                    != dialect.latest(zero, of: Fixtures.meter.number, rev: 12, epoch: 7, last: nil))
            #expect(
                dialect.batch([Fixtures.stored([bad])], buffered: false)
                    != dialect.batch([Fixtures.stored([zero])], buffered: false))
        },
        Promise("P50: a number that is not finite is sent as a bad reading") { subject in
            let dialect = subject.standard()
            let bad = dialect.batch(
                [Fixtures.stored([Fixtures.reading(0, seq: 1, nil, .decodeError)])], buffered: false)
            for value in [Value.float(.nan), .float(.infinity), .double(.nan), .double(-.infinity)] {
                let message = dialect.batch([Fixtures.stored([Fixtures.reading(0, seq: 1, value)])], buffered: false)
                #expect(message == bad)
            }
        },
        Promise("every condition can be sent, live and as history") { subject in
            let dialect = subject.standard()
            for condition in Condition.allCases {
                let reading = Fixtures.reading(0, seq: 1, condition.quality == .bad ? nil : .float(1), condition)
                #expect(dialect.latest(reading, of: Fixtures.meter.number, rev: 12, epoch: 7, last: nil) != nil)
                #expect(dialect.batch([Fixtures.stored([reading])], buffered: false) != nil)
            }
        },
        Promise("a large batch is one message") { subject in
            let many = (0..<2_000 as Range<Int64>).map {
                Fixtures.stored([Fixtures.reading(0, seq: UInt64($0 + 1), at: $0 * 1_000_000, .float(Float($0)))])
            }
            let message = try #require(subject.standard().batch(many, buffered: true))
            #expect(message.payload.count > 2_000)
        },
    ]

    private static let good = Fixtures.reading(0, seq: 1, .float(231.4))
    private static let records = [
        Fixtures.stored([good, Fixtures.reading(1, seq: 1, nil, .timeout)]),
        Fixtures.stored([Fixtures.reading(0, seq: 2, at: 1_000_000_000, .float(231.5))]),
    ]

    private static func messages(of dialect: any Dialect) -> [OutgoingMessage] {
        [dialect.will(session: Fixtures.session), dialect.status(Fixtures.status)] + dialect.birth(Fixtures.status)
            + [
                dialect.latest(good, of: Fixtures.meter.number, rev: 12, epoch: 7, last: nil),
                dialect.batch(records, buffered: false),
            ].compactMap { $0 }
    }
}
