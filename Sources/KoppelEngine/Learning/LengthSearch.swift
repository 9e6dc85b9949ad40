internal import KoppelCore

/// Finds how much one request may ask of a unit in one table, where that is less than the profile says (field rule
/// P32).
///
/// Between the most that was answered and the least that was refused it settles by halves, with the reads that are
/// due anyway. One refusal proves nothing: noise does not shorten the requests of a day.
struct LengthSearch: Sendable {
    /// So many equal findings make a limit; more if the unit answered as much before.
    static let findingsNeeded = 2
    static let findingsAgainstExperience = 4
    /// A timeout or a device failure has many causes, so it takes more, with shorter reads answered in between.
    static let failuresNeeded = 4
    private static let mostFindings = 16

    /// The most that was answered.
    private(set) var answered: Int
    /// The least that was refused for its length; `nil` as long as there is no limit.
    private(set) var refused: Int?
    /// Which requests were found too long, and how often, before it counts. Bounded: ``mostFindings``.
    private var findings: [ReadRequest: Int] = [:]
    /// Reads of at least so much failed so often, and whether something shorter was answered since the last time.
    private var failing: (count: Int, times: Int, shorterAnswered: Bool)?
    /// The finding confirms what was known before, so one is enough.
    private var isTrial = false

    init(answered: Int = 0, refused: Int? = nil) {
        self.answered = answered
        self.refused = refused
    }

    /// What a request may ask for now; `nil` for no limit but the profile's.
    var limit: Int? { refused.map { max(answered, (answered + $0) / 2, 1) } }

    /// Lifts the limit, to see whether it still stands.
    mutating func lift() {
        refused = nil
        isTrial = true
    }

    /// - Returns: True if this changed the limit.
    mutating func answered(_ count: Int) -> Bool {
        if let failing {
            self.failing = count >= failing.count ? nil : (failing.count, failing.times, true)
        }
        guard count > answered || refused != nil || !findings.isEmpty else { return false }
        if !findings.isEmpty { findings = findings.filter { $0.key.count > count } }
        let before = limit
        answered = max(answered, count)
        if let refused, count >= refused { self.refused = nil }
        return limit != before
    }

    /// All of a refused read was answered in parts.
    ///
    /// - Returns: True if this changed the limit.
    mutating func found(_ request: ReadRequest) -> Bool {
        let count = Int(request.count)
        let isNarrowing = refused != nil && count > answered
        if findings[request] == nil, findings.count >= Self.mostFindings { findings = [:] }
        let times = findings[request, default: 0] + 1
        findings[request] = times
        let needed =
            isNarrowing || isTrial ? 1 : count > answered ? Self.findingsNeeded : Self.findingsAgainstExperience
        guard times >= needed else { return false }
        return settle(min(count, refused ?? count))
    }

    /// A read got no answer, or the device called itself broken.
    ///
    /// - Returns: True if this changed the limit.
    mutating func failed(_ count: Int) -> Bool {
        guard count > answered else { return false }
        guard let failing else {
            self.failing = (count, 1, false)
            return false
        }
        guard count >= failing.count else {
            // Something shorter fails as well, so it may not be the length.
            self.failing = (count, 1, false)
            return false
        }
        guard failing.shorterAnswered else { return false }
        self.failing = (failing.count, failing.times + 1, false)
        guard failing.times + 1 >= Self.failuresNeeded else { return false }
        return settle(failing.count)
    }

    private mutating func settle(_ count: Int) -> Bool {
        findings = [:]
        failing = nil
        isTrial = false
        // It answered as much once and does not any more: what is answered is to be found out anew.
        if count <= answered { answered = 0 }
        refused = count
        return true
    }
}
