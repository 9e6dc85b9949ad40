import KoppelCore
import Testing

@testable import KoppelMQTT

struct BackoffTests {
    struct Failure {
        let recovery: UplinkError.Recovery
        var lasted: Duration?
    }

    struct Vector: CustomTestStringConvertible {
        let testDescription: String
        let failures: [Failure]
        let pauses: [Duration]
    }

    @Test(arguments: [
        Vector(
            testDescription: "what passes by itself: doubles up to 30 s",
            failures: Array(repeating: Failure(recovery: .soon), count: 9),
            pauses: [
                .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30),
                .seconds(30), .seconds(30),
            ]),
        Vector(
            testDescription: "what a person has to mend: doubles up to 5 min",
            failures: Array(repeating: Failure(recovery: .slowly), count: 8),
            pauses: [5, 10, 20, 40, 80, 160, 300, 300].map { .seconds($0) }),
        Vector(
            testDescription: "U14: connections that do not last reset nothing",
            failures: Array(repeating: Failure(recovery: .slowly, lasted: .seconds(1)), count: 4),
            pauses: [5, 10, 20, 40].map { .seconds($0) }),
        Vector(
            testDescription: "a connection that lasted begins anew",
            failures: [
                Failure(recovery: .soon), Failure(recovery: .soon), Failure(recovery: .soon, lasted: .seconds(30)),
                Failure(recovery: .soon),
            ],
            pauses: [.milliseconds(500), .seconds(1), .milliseconds(500), .seconds(1)]),
        Vector(
            testDescription: "another kind of failure begins anew",
            failures: [Failure(recovery: .slowly), Failure(recovery: .slowly), Failure(recovery: .soon)],
            pauses: [.seconds(5), .seconds(10), .milliseconds(500)]),
    ])
    func `P71: the pause doubles until a connection proved stable`(_ vector: Vector) {
        var backoff = Backoff(MQTTTiming())
        let pauses = vector.failures.map { backoff.pause(after: $0.recovery, lasted: $0.lasted) }
        #expect(pauses == vector.pauses)
    }

    @Test func `a thousand failures stay at the longest pause`() {
        var backoff = Backoff(MQTTTiming())
        for _ in 0..<1_000 { _ = backoff.pause(after: .slowly, lasted: nil) }
        #expect(backoff.pause(after: .slowly, lasted: nil) == .seconds(300))
    }

    @Test func `jitter takes at most half, and differs`() {
        var randomness = SystemRandomNumberGenerator()
        let pauses = (0..<100).map { _ in jittered(.seconds(10), using: &randomness) }
        #expect(pauses.allSatisfy { (.seconds(5)...(.seconds(10))).contains($0) })
        #expect(Set(pauses).count > 50)
    }

    @Test func `U14: closed soon after being accepted, three times in a row, is suspicious`() {
        var rhythm = DropRhythm(stableAfter: .seconds(30))
        func ended(_ kind: UplinkError.Kind, _ lasted: Duration?) -> Int? { rhythm.ended(kind, lasted: lasted) }
        let drops = (0..<4).map { _ in ended(.connectionLost, .seconds(5)) }
        #expect(drops == [nil, nil, 3, 4])
        let others = [ended(.refused, nil), ended(.connectionLost, .seconds(5)), ended(.connectionLost, .seconds(40))]
        #expect(others == [nil, nil, nil])
        let again = (0..<3).map { _ in ended(.connectionLost, .seconds(5)) }
        #expect(again == [nil, nil, 3])
    }

    @Test func `P85: a failure is news once per kind and outage`() {
        var outage = OutageLog()
        #expect(outage.connected() == 0)
        let news = [UplinkError.Kind.refused, .refused, .tls, .refused, .tls].map { outage.failed($0) }
        #expect(news == [true, false, true, false, false])
        #expect(outage.connected() == 5)
        let again = outage.failed(.refused)
        #expect(again)
    }
}
