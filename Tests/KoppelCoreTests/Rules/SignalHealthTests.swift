import KoppelCore
import Testing

struct SignalHealthTests {
    private static let ages = SignalAges(stale: .seconds(3), bad: .seconds(30))
    private static let last = LastValue(value: .double(5), time: Timestamp(nanoseconds: 1_000))

    private static func answering() -> SignalHealth {
        var health = SignalHealth(ages: ages)
        _ = health.answered(good(last.value), time: last.time, now: .seconds(100))
        return health
    }

    /// One failure repeated each second after a good answer at second 100, and what came of it.
    private static func story(_ failure: Condition, from health: SignalHealth, seconds: Int = 60) -> [String] {
        var health = health
        return (101...100 + seconds).flatMap { second in
            [health.failed(failure, now: .seconds(second)), health.tick(now: .seconds(second))]
                .filter { $0 != .none }.map { "\(second - 100): \(told($0))" }
        }
    }

    private static func told(_ action: SignalHealth.Action) -> String {
        switch action {
        case .none: "nothing"
        case .sample(let condition): "sample \(condition)"
        case .uncertain(let condition, let shown): "uncertain \(condition)\(shown == last ? " last" : "")"
        case .bad(let condition): "bad \(condition)"
        case .recovered: "recovered"
        }
    }

    struct Row: CustomTestStringConvertible {
        let rows: String
        let failure: Condition
        /// After a good answer.
        let after: [String]
        /// With nothing read since start.
        let fresh: [String]
        var testDescription: String { "\(rows): \(failure)" }
    }

    @Test(arguments: [
        Row(
            rows: "4, 17, 18", failure: .connectionRefused,
            after: ["1: sample connectionRefused", "3: uncertain staleCommunication last", "30: bad noCommunication"],
            fresh: ["1: bad connectionRefused"]),
        Row(
            rows: "5", failure: .illegalFunction, after: ["1: bad illegalFunction"], fresh: ["1: bad illegalFunction"]),
        Row(rows: "6", failure: .illegalAddress, after: ["1: bad illegalAddress"], fresh: ["1: bad illegalAddress"]),
        Row(rows: "7", failure: .illegalValue, after: ["1: bad illegalValue"], fresh: ["1: bad illegalValue"]),
        Row(rows: "8", failure: .deviceFailure, after: ["1: bad deviceFailure"], fresh: ["1: bad deviceFailure"]),
        Row(
            rows: "9, 17, 18", failure: .acknowledge,
            after: [
                "1: uncertain acknowledge last", "3: uncertain staleCommunication last", "30: bad noCommunication",
            ], fresh: ["1: bad waiting", "31: bad noCommunication"]),
        Row(
            rows: "10, 17", failure: .busy,
            after: ["1: sample busy", "3: uncertain staleCommunication last", "30: bad busy"], fresh: ["1: bad busy"]),
        Row(
            rows: "11", failure: .negativeAcknowledge, after: ["1: bad negativeAcknowledge"],
            fresh: ["1: bad negativeAcknowledge"]),
        Row(rows: "12", failure: .memoryParity, after: ["1: bad memoryParity"], fresh: ["1: bad memoryParity"]),
        Row(
            rows: "13", failure: .unknownException, after: ["1: bad unknownException"],
            fresh: ["1: bad unknownException"]),
        Row(
            rows: "14, 17", failure: .gatewayPath,
            after: ["1: sample gatewayPath", "3: uncertain staleCommunication last", "30: bad gatewayPath"],
            fresh: ["1: bad gatewayPath"]),
        Row(
            rows: "15, 17", failure: .gatewayTarget,
            after: ["1: sample gatewayTarget", "3: uncertain staleCommunication last", "30: bad gatewayTarget"],
            fresh: ["1: bad gatewayTarget"]),
        Row(
            rows: "16 to 18", failure: .timeout,
            after: ["1: sample timeout", "3: uncertain staleCommunication last", "30: bad noCommunication"],
            fresh: ["1: bad timeout", "31: bad noCommunication"]),
        Row(
            rows: "19, 17, 18", failure: .frameError,
            after: ["1: sample frameError", "3: uncertain staleCommunication last", "30: bad noCommunication"],
            fresh: ["1: bad frameError", "31: bad noCommunication"]),
        Row(rows: "2", failure: .configError, after: ["1: bad configError"], fresh: ["1: bad configError"]),
    ])
    func `P40, P43: data model 4.2, each failure told once and in order`(_ row: Row) {
        #expect(Self.story(row.failure, from: Self.answering()) == row.after)
        #expect(Self.story(row.failure, from: SignalHealth(ages: Self.ages)) == row.fresh)
    }

    @Test func `row 3: waiting until something is known`() {
        var health = SignalHealth(ages: Self.ages)
        #expect(health.condition == .waiting)
        #expect(health.tick(now: .seconds(1_000)) == .none)
        #expect(health.condition == .waiting)
    }

    @Test func `P43: a value grows old by itself, when nothing is even asked`() {
        var health = Self.answering()
        #expect(health.tick(now: .seconds(102)) == .none)
        #expect(health.tick(now: .seconds(103)) == .uncertain(.staleCommunication, Self.last))
        #expect(health.tick(now: .seconds(104)) == .none)
        #expect(health.condition == .staleCommunication)
        #expect(health.tick(now: .seconds(130)) == .bad(.noCommunication))
        #expect(health.tick(now: .seconds(131)) == .none)
        #expect(health.condition == .noCommunication)
    }

    @Test func `P44: only an answer makes it good again, and says how long it was away`() {
        var health = Self.answering()
        _ = health.failed(.timeout, now: .seconds(101))
        _ = health.tick(now: .seconds(104))
        #expect(health.condition == .staleCommunication)
        #expect(
            health.answered(good(.double(6)), time: Timestamp(nanoseconds: 2), now: .seconds(111))
                == .recovered(outage: .seconds(10)))
        #expect(health.condition == .good)
        #expect(health.failed(.timeout, now: .seconds(112)) == .sample(.timeout))
        #expect(
            health.tick(now: .seconds(114))
                == .uncertain(.staleCommunication, LastValue(value: .double(6), time: Timestamp(nanoseconds: 2))))
    }

    @Test func `P45: a glitch leaves one bad sample and no change of what is shown`() {
        var health = Self.answering()
        #expect(health.failed(.frameError, now: .seconds(101)) == .sample(.frameError))
        #expect(health.condition == .good)
        #expect(
            health.answered(good(.double(5)), time: Timestamp(nanoseconds: 3), now: .seconds(102))
                == .recovered(outage: .seconds(1)))
    }

    @Test func `an answer without a value leaves nothing to show when silence follows`() {
        var health = SignalHealth(ages: Self.ages)
        _ = health.answered(.bad(.sensorFault), time: Timestamp(nanoseconds: 1), now: .seconds(100))
        #expect(health.condition == .sensorFault)
        #expect(Self.story(.timeout, from: health) == ["1: sample timeout", "30: bad noCommunication"])
    }

    @Test func `a device that says no is not called silent while it goes on saying so`() {
        var health = Self.answering()
        #expect(health.failed(.deviceFailure, now: .seconds(101)) == .bad(.deviceFailure))
        for second in 102..<200 {
            #expect(health.failed(.deviceFailure, now: .seconds(second)) == .none)
            #expect(health.tick(now: .seconds(second)) == .none)
        }
        #expect(health.failed(.timeout, now: .seconds(200)) == .none)
        #expect(health.tick(now: .seconds(228)) == .none)
        #expect(health.tick(now: .seconds(229)) == .bad(.noCommunication))
        #expect(health.failed(.illegalFunction, now: .seconds(230)) == .bad(.illegalFunction))
    }

    @Test func `a settled no in the middle of an outage is told at once`() {
        var health = Self.answering()
        _ = health.failed(.timeout, now: .seconds(101))
        _ = health.tick(now: .seconds(103))
        #expect(health.failed(.illegalAddress, now: .seconds(104)) == .bad(.illegalAddress))
        #expect(health.failed(.timeout, now: .seconds(105)) == .none)
        #expect(health.condition == .illegalAddress)
    }

    @Test func `ages by default are three and ten intervals, but not too short`() {
        #expect(
            SignalAges(SamplingRule(), interval: .milliseconds(100))
                == SignalAges(stale: .seconds(2), bad: .seconds(30)))
        #expect(
            SignalAges(SamplingRule(), interval: .seconds(10)) == SignalAges(stale: .seconds(30), bad: .seconds(100)))
        #expect(
            SignalAges(SamplingRule(staleAfter: .seconds(1), badAfter: .seconds(4)), interval: .seconds(10))
                == SignalAges(stale: .seconds(1), bad: .seconds(4)))
    }
}
