import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// What is learned of how long answers take.
struct ResponseTimesTests {
    @Test func `no answers, no figure`() {
        #expect(ResponseTimes().quantile(0.5) == nil)
    }

    @Test(arguments: [0, 3, 4, 7, 8, 999, 1_000, 16_384, 1_000_000, 60_000_000, 100_000_000])
    func `a figure is never too small and at most a quarter too large`(_ micros: Int) throws {
        var times = ResponseTimes()
        times.note(.microseconds(micros))
        let told = try #require(times.quantile(0.999))
        #expect(told > .microseconds(min(micros, 60_000_000)))
        #expect(told <= max(.microseconds(5), .microseconds(micros) * 5 / 4))
    }

    @Test func `P06: the tail is seen among many, and forgotten when it is gone`() throws {
        var times = ResponseTimes()
        for index in 0..<2_000 { times.note(index % 500 == 0 ? .milliseconds(400) : .milliseconds(10)) }
        #expect(try #require(times.quantile(0.5)) < .milliseconds(13))
        #expect(try #require(times.quantile(0.999)) > .milliseconds(400))
        for _ in 0..<60_000 { times.note(.milliseconds(10)) }
        #expect(try #require(times.quantile(0.999)) < .milliseconds(13))
        #expect(times.count < ResponseTimes.most)
    }

    // MARK: Timeout

    private static func learn(
        _ timeout: inout LearnedTimeout, _ times: inout ResponseTimes, _ count: Int, _ answer: Duration
    ) {
        for _ in 0..<count {
            times.note(answer)
            timeout.answered(times)
        }
    }

    @Test func `P06: a timeout is learned after a thousand answers, with headroom and never below its floor`() {
        var (timeout, times) = (
            LearnedTimeout(longest: .seconds(1), isFixed: false, endpoint: .tcp(host: "h", port: 502)), ResponseTimes()
        )
        Self.learn(&timeout, &times, 999, .milliseconds(5))
        #expect(timeout.timeout(wireTime: .zero) == .seconds(1))
        Self.learn(&timeout, &times, 200, .milliseconds(5))
        #expect(timeout.timeout(wireTime: .zero) == .milliseconds(200))
        #expect(timeout.timeout(wireTime: .milliseconds(30)) == .milliseconds(230))
        Self.learn(&timeout, &times, 200, .milliseconds(180))
        #expect((.milliseconds(360) ... .milliseconds(450)).contains(timeout.timeout(wireTime: .zero)))
        Self.learn(&timeout, &times, 200, .milliseconds(900))
        #expect(timeout.timeout(wireTime: .zero) == .seconds(1), "never more than configured")
    }

    @Test func `P06: a silence brings the whole time back at once, and trust comes slower each time`() {
        var (timeout, times) = (
            LearnedTimeout(longest: .seconds(1), isFixed: false, endpoint: .tcp(host: "h", port: 502)), ResponseTimes()
        )
        var answersUntilShort: [Int] = []
        for _ in 0..<4 {
            var answers = 0
            while timeout.timeout(wireTime: .zero) == .seconds(1) {
                Self.learn(&timeout, &times, 1, .milliseconds(5))
                answers += 1
            }
            answersUntilShort.append(answers)
            timeout.unanswered()
            #expect(timeout.timeout(wireTime: .zero) == .seconds(1))
        }
        #expect(answersUntilShort == [1_000, 100, 200, 400])
    }

    @Test func `R07: on a serial line no learned timeout shortens the guard against late answers`() {
        for endpoint in [BusEndpoint.rtu(device: "/dev/x", line: SerialLine()), .rtuOverTCP(host: "h", port: 4001)] {
            var (timeout, times) = (
                LearnedTimeout(longest: .seconds(2), isFixed: false, endpoint: endpoint), ResponseTimes()
            )
            Self.learn(&timeout, &times, 1_200, .milliseconds(5))
            #expect(timeout.timeout(wireTime: .zero) == .milliseconds(500))
        }
    }

    @Test func `P06, P07: a timeout that somebody set for the machine stays`() async throws {
        func lastTimeout(_ change: @escaping (inout MachineSettings) -> Void) async throws -> Duration? {
            try await BusBench().run(interval: .milliseconds(50), change: change, until: .seconds(60)).timeouts.last
        }
        let learned = try #require(try await lastTimeout { _ in })
        #expect((.milliseconds(200) ... .milliseconds(205)).contains(learned), "\(learned)")
        #expect(
            try await lastTimeout {
                $0.profile.timing.responseTimeout = .milliseconds(700)
                $0.polling.isTimeoutFixed = true
            } == .milliseconds(700))
        #expect(
            try await lastTimeout { $0.profile.timing.responseTimeout = .milliseconds(150) } == .milliseconds(150),
            "that of a profile is an upper bound")
    }

    @Test func `P06: the figures show how much room a timeout leaves`() async throws {
        let bench = BusBench()
        _ = try await bench.run(
            .init(answer: { _, _ in (.words, .milliseconds(40)) }), timeout: .milliseconds(400), until: .seconds(20))
        let figures = try bench.figures()
        #expect(try #require(figures.slowestResponse) < .milliseconds(50))
        #expect((0.85...0.91).contains(try #require(figures.headroom)))
        #expect((0.03...0.05).contains(figures.busyShare), "\(figures.busyShare)")
    }
}
