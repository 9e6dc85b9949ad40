import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// A lost answer is asked for once more, if the slot has room for it.
@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
    private let bench = BusBench()

    /// Loses the request at each of these seconds.
    private static func losing(_ seconds: Set<Int>, times: Int = 1) -> ScriptedLink.Script {
        .init(answer: { _, at in
            let second = Int(at.inSeconds)
            let isFirst = at < .seconds(second) + .milliseconds(200) * times
            return seconds.contains(second) && isFirst ? (.lost, .zero) : (.words, .milliseconds(10))
        })
    }

    @Test func `F07: a lost answer is asked for once more within its slot, and nothing is bad`() async throws {
        let link = try await bench.run(
            Self.losing([2, 5]), timeout: .milliseconds(200), until: .milliseconds(8_500))
        #expect(link.times().map(\.inSeconds) == [0, 1, 2, 2.2, 3, 4, 5, 5.2, 6, 7, 8])
        #expect(await bench.readings() == ["0:1 good 7"])
        let figures = try bench.figures()
        #expect(figures.timeouts == 2, "P45: counters see every glitch")
        #expect(figures.retries == 2)
        #expect(figures.answers == 9)
    }

    @Test func `F07: lost twice, it is bad for that slot and no more is asked`() async throws {
        let link = try await bench.run(
            Self.losing([2], times: 2), timeout: .milliseconds(200), until: .milliseconds(4_500))
        #expect(link.times().map(\.inSeconds) == [0, 1, 2, 2.2, 3, 4])
        #expect(await bench.readings() == ["0:1 good 7", "0:2 timeout", "0:3 good 7"])
    }

    @Test func `F07: nothing is asked again that could not end within the slot`() async throws {
        let link = try await bench.run(Self.losing([2]), timeout: .milliseconds(600), until: .milliseconds(4_500))
        #expect(link.times().map(\.inSeconds) == [0, 1, 2, 3, 4])
    }

    @Test func `P07: how often is asked again is for the bus and the machine to say`() async throws {
        let never = try await bench.run(
            Self.losing([2], times: 9), polling: PollingRules(retries: 0), timeout: .milliseconds(200),
            until: .milliseconds(3_500))
        #expect(never.times().map(\.inSeconds) == [0, 1, 2, 3])
        let thrice = try await BusBench().run(
            Self.losing([2], times: 9), polling: PollingRules(retries: 0), timeout: .milliseconds(200),
            change: { $0.polling.retries = 3 }, until: .milliseconds(3_500))
        // Three silences in a row make a silent unit, which is not asked again but probed.
        #expect(thrice.times().map(\.inSeconds) == [0, 1, 2, 2.2, 2.4])
    }

    @Test func `X18: with every answer lost, no unit is asked more than its slots and one more`() async throws {
        let link = try await bench.run(
            .init(answer: { _, _ in (.lost, .zero) }), timeout: .milliseconds(100), until: .seconds(60))
        #expect(link.times().count <= 12)
    }
}
