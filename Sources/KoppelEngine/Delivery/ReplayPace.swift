internal import KoppelCore

/// How fast history may go out: a token bucket whose rate follows the time that acknowledgements take (field rule P63).
///
/// A message costs its bytes. It begins slowly, and doubles for as long as the acknowledgements come soon. When they
/// come more than ``patience`` later than the quickest did, something on the way fills up: the rate then falls below
/// what was acknowledged, so that live values find next to no queue before them (P64). From there it grows by a quarter
/// at a time. A limit from the site file is never passed.
///
/// All moments are durations since any one fixed moment.
package struct ReplayPace: Sendable {
    /// Whether a message may go now.
    package enum Answer: Hashable, Sendable {
        /// It may, and its place is taken.
        case now
        /// Ask again then: the bucket is empty.
        case at(Duration)
        /// Ask again after the next acknowledgement: enough is on its way.
        case afterAcknowledgement
    }

    /// So much later than the quickest acknowledgement one may come, and so much history may be on its way.
    package static let patience = Duration.seconds(1)
    /// Bytes per second, before anything is known of the way.
    package static let firstRate = 65_536.0
    /// Bytes on their way, beside a first message, before the first acknowledgement.
    private static let firstRoom = 8_192.0
    /// What the bucket holds: a burst of so much time.
    private static let burst = Duration.milliseconds(250)
    /// How often the rate is judged.
    private static let interval = Duration.milliseconds(100)
    /// It never falls below so many bytes per second, nor is one above the second worth a thought.
    private static let slowest = 1_000.0
    private static let fastest = 1e9

    private let limit: Double?
    /// Bytes per second.
    package private(set) var rate: Double
    /// When the bucket is full again, less what a burst may take.
    private var fullAt: Duration = .zero
    private var inFlight = 0
    private var messagesInFlight = 0
    /// The quickest acknowledgement of this connection.
    private var quickest: Duration?
    private var everLate = false
    /// What was seen since the last judgement.
    private var since: Duration?
    private var acknowledged = 0
    private var latest: Duration = .zero
    private var heldBack = false

    /// - Parameter limit: Bytes per second that are never passed; `nil` without one.
    package init(limit: Int? = nil) {
        self.limit = limit.map(Double.init)
        rate = min(Self.firstRate, self.limit ?? Self.firstRate)
    }

    /// Asks for a message of so many bytes, and takes its place if it may go.
    package mutating func ask(_ bytes: Int, at now: Duration) -> Answer {
        let room = quickest.map { rate * (Self.patience + $0).inSeconds } ?? Self.firstRoom
        if messagesInFlight > 0, Double(inFlight + bytes) > room {
            heldBack = true
            return .afterAcknowledgement
        }
        let earliest = fullAt - Self.burst
        if earliest > now {
            heldBack = true
            return .at(earliest)
        }
        fullAt = max(fullAt, now) + .seconds(Double(bytes) / rate)
        if messagesInFlight == 0 { (since, acknowledged, latest) = (now, 0, .zero) }
        inFlight += bytes
        messagesInFlight += 1
        return .now
    }

    /// A message that had its place did not leave, or was refused.
    package mutating func returned(_ bytes: Int) {
        inFlight = max(0, inFlight - bytes)
        messagesInFlight = max(0, messagesInFlight - 1)
    }

    /// A message was acknowledged `took` after it was handed over.
    package mutating func acknowledged(_ bytes: Int, took: Duration, at now: Duration) {
        returned(bytes)
        acknowledged += bytes
        latest = max(latest, took)
        quickest = min(quickest ?? took, took)
        let begin = since ?? now - took
        guard now - begin >= min(Self.interval, took) else { return }
        judge(elapsed: now - begin)
        (since, acknowledged, latest, heldBack) = (now, 0, .zero, false)
    }

    /// The connection is gone: nothing is on its way, and the next one may go another way, so it begins slowly again.
    package mutating func disconnected() {
        (inFlight, messagesInFlight, quickest, since) = (0, 0, nil, nil)
        (acknowledged, latest, heldBack, everLate) = (0, .zero, false, false)
        rate = min(rate, Self.firstRate)
    }

    private mutating func judge(elapsed: Duration) {
        let late = latest - (quickest ?? latest)
        let ceiling = min(limit ?? Self.fastest, Self.fastest)
        let throughput = Double(acknowledged) / max(elapsed.inSeconds, 1e-6)
        let floor = min(Self.slowest, ceiling)
        if late > Self.patience {
            everLate = true
            rate = min(rate, max(floor, throughput * 0.9))
        } else if heldBack, throughput < rate / 2 {
            // It is not the bucket that holds the readings up: the way takes no more.
            rate = max(floor, throughput * 1.25)
        } else if heldBack, late < Self.patience / 2 {
            rate = min(ceiling, everLate ? rate * 1.25 : max(rate * 2, throughput * 0.8))
        }
    }
}
