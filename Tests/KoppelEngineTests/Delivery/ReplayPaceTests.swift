import KoppelCore
import KoppelEngine
import Testing

/// The pace of history over a line that is simulated: so many bytes per second, and so long for an answer.
struct ReplayPaceTests {
    /// A line with a queue before it, on a clock of its own. History is always waiting to go out.
    private struct Line {
        var pace: ReplayPace
        var bytesPerSecond: Double
        var answerAfter: Duration
        var now = Duration.zero
        var sent: [(bytes: Int, at: Duration, answered: Duration)] = []
        var freeAt = Duration.zero
        var delivered = 0
        /// The longest a live value would have waited behind history.
        var longestQueue = Duration.zero

        mutating func run(for time: Duration, messages bytes: Int) {
            let end = now + time
            while now < end {
                let next = sent.first?.answered
                switch pace.ask(bytes, at: now) {
                case .now:
                    freeAt = max(freeAt, now) + .seconds(Double(bytes) / bytesPerSecond)
                    sent.append((bytes, now, freeAt + answerAfter))
                    longestQueue = max(longestQueue, freeAt - now)
                case .at(let moment):
                    if let next, next <= moment { answer() } else { now = min(end, max(now, moment)) }
                case .afterAcknowledgement: answer()
                }
            }
        }

        private mutating func answer() {
            let first = sent.removeFirst()
            now = max(now, first.answered)
            delivered += first.bytes
            pace.acknowledged(first.bytes, took: now - first.at, at: now)
        }
    }

    private func line(_ bytesPerSecond: Double, answer: Duration = .milliseconds(5), limit: Int? = nil) -> Line {
        Line(pace: ReplayPace(limit: limit), bytesPerSecond: bytesPerSecond, answerAfter: answer)
    }

    @Test(arguments: [2_000.0, 20_000, 200_000, 2_000_000])
    func `P63, U18: history uses a thin line, and no queue grows before it`(_ capacity: Double) {
        var line = line(capacity)
        let size = max(2_000, Int(capacity / 50))
        line.run(for: .seconds(60), messages: size)
        #expect(Double(line.delivered) > 0.7 * capacity * 60)
        line.longestQueue = .zero
        line.run(for: .seconds(30), messages: size)
        #expect(line.longestQueue < .seconds(4))
    }

    @Test func `P64: from the first second on a live value waits for no more than a few messages of history`() {
        // A message of 30 kB takes a second and a half on this line.
        var line = line(20_000)
        line.run(for: .seconds(120), messages: 30_000)
        #expect(line.longestQueue < .seconds(6))
        #expect(Double(line.delivered) > 0.7 * 20_000 * 120)
    }

    @Test func `U06: a way that takes long to answer is no thin one`() {
        var line = line(4_000_000, answer: .milliseconds(1_500))
        line.run(for: .seconds(30), messages: 40_000)
        #expect(Double(line.delivered) > 0.5 * 4_000_000 * 30)
    }

    @Test func `P63: it slows down when the line gets thin, and speeds up when it is wide again`() {
        var line = line(1_000_000)
        line.run(for: .seconds(20), messages: 10_000)
        line.bytesPerSecond = 50_000
        line.run(for: .seconds(30), messages: 10_000)
        line.longestQueue = .zero
        line.run(for: .seconds(30), messages: 10_000)
        #expect(line.longestQueue < .seconds(3))
        line.bytesPerSecond = 1_000_000
        line.run(for: .seconds(20), messages: 10_000)
        let before = line.delivered
        line.run(for: .seconds(20), messages: 10_000)
        #expect(Double(line.delivered - before) > 0.7 * 1_000_000 * 20)
    }

    @Test func `a quick way is used to the full within a second`() {
        var line = line(100_000_000, answer: .milliseconds(1))
        line.run(for: .seconds(1), messages: 25_000)
        #expect(Double(line.delivered) > 0.5 * 100_000_000)
    }

    @Test func `P63: the limit of the site file holds whatever the line can do`() {
        var line = line(10_000_000, limit: 10_000)
        line.run(for: .seconds(100), messages: 1_000)
        #expect((900_000...1_010_000).contains(line.delivered))
    }

    @Test func `what did not leave takes no place, and a new connection begins slowly`() {
        var pace = ReplayPace()
        #expect(pace.ask(60_000, at: .zero) == .now)
        #expect(pace.ask(10_000, at: .zero) == .afterAcknowledgement)
        pace.returned(60_000)
        #expect(pace.ask(60_000, at: .seconds(1)) == .now)
        pace.acknowledged(60_000, took: .milliseconds(1), at: .seconds(2))
        #expect(pace.rate > ReplayPace.firstRate)
        pace.disconnected()
        #expect(pace.rate == ReplayPace.firstRate)
    }
}
