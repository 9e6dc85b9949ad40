internal import KoppelCore

/// How long to wait for an answer: as long as configured at first, and shorter once it is known how long the unit's
/// answers take (field rule P06).
///
/// A lost answer then costs the bus less. It is never longer than configured and never shorter than the floor of its
/// kind of bus, and a request that went unanswered brings the configured time back at once.
struct LearnedTimeout: Sendable {
    /// Answers before anything is concluded: one in a thousand has to have had its chance.
    static let leastAnswers: UInt32 = 1_000
    /// The 99.9th percentile times this.
    static let headroom = 2
    /// After a silence so many answers have to come before a shorter time is tried again; twice as many after each one.
    static let answersUntilTrust = 100
    static let mostAnswersUntilTrust = 10_000

    /// The configured time, which is never exceeded.
    let longest: Duration
    private let floor: Duration
    private let isFixed: Bool
    private var learned: Duration?
    private var untilTrust = LearnedTimeout.answersUntilTrust
    private var answersToGo = 0

    /// `longest` is the time of site or profile. It `isFixed` if somebody set it for this machine: then it stays.
    init(longest: Duration, isFixed: Bool, endpoint: BusEndpoint) {
        self.longest = longest
        self.isFixed = isFixed
        floor =
            switch endpoint {
            // A busy controller on a switched network, and a box under load.
            case .tcp: .milliseconds(200)
            // An answer after its time costs a serial line more than waiting for it: for a while the question can only be
            // asked in another way, or not at all (fault R07).
            case .rtu: max(.milliseconds(100), longest / 4)
            case .rtuOverTCP: max(.milliseconds(300), longest / 4)
            }
    }

    /// The time for a read that takes `wireTime` on the bus by itself.
    func timeout(wireTime: Duration) -> Duration {
        guard let learned else { return longest }
        return min(longest, max(learned, floor) + wireTime)
    }

    /// The unit answered, and this is how long its answers take.
    mutating func answered(_ times: ResponseTimes) {
        guard !isFixed else { return }
        answersToGo -= 1
        guard answersToGo <= 0, times.count >= Self.leastAnswers else { return }
        learned = times.quantile(0.999).map { $0 * Self.headroom }
        answersToGo = Self.answersUntilTrust
    }

    /// No answer came in time; perhaps the time was too short.
    mutating func unanswered() {
        guard learned != nil else { return }
        learned = nil
        answersToGo = untilTrust
        untilTrust = min(Self.mostAnswersUntilTrust, untilTrust * 2)
    }
}
