internal import KoppelCore

/// One unit as its bus sees it: whether it may be asked, how long to wait for it, and what it has cost.
///
/// A pure value of constant size. Times are on the monotonic clock since the bus began.
struct PolledUnit: Sendable {
    /// What a person should be told once.
    enum Edge: Equatable {
        case none
        /// It stopped answering, or says that it cannot; the first time ever if `never`.
        case wentSilent(never: Bool)
        /// It answers again, after so many unanswered requests.
        case answersAgain(missed: Int)
        case tookTooMuch
    }

    let share: Double
    /// How often a lost answer is asked for again within one slot.
    let retries: Int
    private(set) var breaker = UnitBreaker()
    private(set) var time: BusTimeShare
    private let longestTimeout: Duration
    private var timeout: LearnedTimeout
    private var responses = ResponseTimes()
    private(set) var figures: UnitFigures
    /// Time on the bus since the figures were last taken, and since when.
    private var busy = Duration.zero
    private var hasAnswered = false
    /// How long its last request took, which is what the next one is expected to take.
    private var lastSpan = Duration.zero

    init(
        key: UnitOnBus, machines: [Identifier], share: Double, retries: Int, longestTimeout: Duration,
        isTimeoutFixed: Bool, endpoint: BusEndpoint
    ) {
        self.share = share
        self.retries = retries
        self.longestTimeout = longestTimeout
        time = BusTimeShare(share: share)
        timeout = LearnedTimeout(longest: longestTimeout, isFixed: isTimeoutFixed, endpoint: endpoint)
        figures = UnitFigures(key: key, machines: machines, timeout: longestTimeout)
    }

    /// True if others may have to wait for it: it answers, and uses no more than its share.
    func isWell(now: Duration) -> Bool { !breaker.isSilent && !time.isSpent(now: now) }

    /// How long its next request will keep the bus, as far as one can tell.
    var expectedSpan: Duration { lastSpan }

    /// Its usual response time; `nil` before it answered.
    var medianResponse: Duration? { responses.quantile(0.5) }

    func timeout(for wireTime: Duration) -> Duration { timeout.timeout(wireTime: wireTime) }

    // MARK: What happens

    mutating func asked(again: Bool) {
        figures.requests += 1
        if again { figures.retries += 1 }
    }

    mutating func missed(_ slots: Int) { figures.missedSlots += UInt64(slots) }

    /// The request is over; `ordinary` and `wantedAt` as in ``BusTimeShare/used(_:ordinary:wantedAt:)``. What goes beyond
    /// twice the longest timeout is not the unit's doing: a call of ours did not come back (fault A06).
    mutating func used(_ span: ClosedRange<Duration>, ordinary: Duration, wantedAt: Duration) -> Edge {
        busy += span.upperBound - span.lowerBound
        let begin = max(span.lowerBound, span.upperBound - longestTimeout * 2)
        lastSpan = span.upperBound - begin
        return time.used(begin...span.upperBound, ordinary: ordinary, wantedAt: wantedAt) ? .tookTooMuch : .none
    }

    /// The unit answered; `pause` is why it should be left alone for a while, if it or its gateway says so.
    mutating func answered(_ answer: ReadAnswer, request: ReadRequest, pause: Condition?, now: Duration) -> Edge {
        if case .exception(let exception) = answer.outcome {
            figures.exceptions[exception.code, default: 0] += 1
            figures.lastTrouble = UnitTrouble(cause: .exception(exception, request), time: answer.time)
        } else {
            figures.answers += 1
        }
        if let pause { return failed(pause, now: now) }
        hasAnswered = true
        responses.note(answer.elapsed)
        timeout.answered(responses)
        if case .answersAgain(let missed) = breaker.answered() { return .answersAgain(missed: missed) }
        return .none
    }

    /// No answer came, or nothing that can be believed.
    mutating func unanswered(_ error: BusError, time: Timestamp, now: Duration) -> Edge {
        if case .badFrame = error.kind { figures.badFrames += 1 } else { figures.timeouts += 1 }
        figures.lastTrouble = UnitTrouble(cause: .error(error), time: time)
        timeout.unanswered()
        return failed(error.condition, now: now)
    }

    /// Where a machine's registers are was found out. `problem` is what cannot be read of them there, if anything.
    mutating func note(_ news: LayoutNews, problem: PlanningError?) {
        switch news {
        case .found(let chain): (figures.models, figures.layoutTrouble) = (chain, problem.map { "\($0)" })
        case .otherDevice(let chain, _): (figures.models, figures.layoutTrouble) = (chain, "\(news)")
        case .noMarker, .unsteady: (figures.models, figures.layoutTrouble) = (nil, "\(news)")
        }
    }

    private mutating func failed(_ condition: Condition, now: Duration) -> Edge {
        breaker.failed(condition, now: now) == .wentSilent ? .wentSilent(never: !hasAnswered) : .none
    }

    // MARK: Figures

    /// The figures as they are now. `window` is the time since they were last asked for with `restart`.
    mutating func takeFigures(now: Duration, window: Duration, restart: Bool) -> UnitFigures {
        figures.busyShare = window > .zero ? min(1, busy.inSeconds / window.inSeconds) : 0
        if restart { busy = .zero }
        figures.medianResponse = responses.quantile(0.5)
        figures.slowestResponse = responses.quantile(0.999)
        figures.timeout = timeout.timeout(wireTime: .zero)
        figures.state = state(now: now)
        return figures
    }

    private func state(now: Duration) -> UnitFigures.State {
        if breaker.isSilent { return hasAnswered ? .silent : .neverAnswered }
        if time.isKnownSlow, time.debt(now: now) > .zero { return .overShare }
        return hasAnswered ? .answering : .waiting
    }
}
