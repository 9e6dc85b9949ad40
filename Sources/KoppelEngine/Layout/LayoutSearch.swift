internal import KoppelCore

/// Keeps up where the SunSpec models of a unit lie: they are looked for before anything is read, again after each answer
/// that did not come, since another device or another edition of its software may answer next, and now and then.
///
/// A pure value. Times are on the monotonic clock since the bus began.
struct LayoutSearch: Sendable {
    /// How long a layout is believed without being looked at.
    static let longestTrust = Duration.seconds(600)
    /// How long a device without a marker, or one that refuses a register of its models, is left before it is looked at
    /// again.
    static let retryPause = Duration.seconds(60)
    /// A search that new connections broke off so often is over: the device ends its connection behind each answer, so
    /// nothing says that all of them come from one device.
    static let mostRenewals = 3

    /// What a search came to.
    enum Finding: Hashable, Sendable {
        case chain(ModelChain)
        case noMarker
        /// There are models, and no connection lasts until all of them were named.
        case unsteady
    }

    private enum State: Sendable {
        case searching(ChainWalk)
        case settled(at: Duration, again: Duration)
    }

    private let unit: UnitID
    private var state: State
    /// What was found last; `nil` before the first search came to an end.
    private(set) var finding: Finding?
    /// The connection over which that was found (``ReadAnswer/connection``).
    private var foundOver: Int?
    /// The connection over which the last answer to a question came.
    private var walkedOver: Int?
    /// How often a new connection broke off the search that is going on.
    private var renewals = 0

    init(unit: UnitID) {
        self.unit = unit
        state = .searching(ChainWalk(unit: unit))
    }

    /// What to ask now; `nil` if there is nothing to find out.
    mutating func question(now: Duration) -> ReadRequest? {
        if case .settled(_, let again) = state, now >= again { begin() }
        guard case .searching(let walk) = state else { return nil }
        return walk.question
    }

    /// Takes in the answer to the question.
    ///
    /// - Returns: True if it led to another finding than before.
    mutating func answered(_ answer: ReadAnswer, now: Duration) -> Bool {
        guard case .searching(var walk) = state else { return false }
        // A chain is that of one device: what was read before a new connection may be another's.
        let isContinued = walkedOver == answer.connection || !walk.isInChain
        walkedOver = answer.connection
        if isContinued {
            walk.answered(answer.outcome)
        } else {
            walk.unanswered()
            renewals += 1
        }
        let before = finding
        if renewals == Self.mostRenewals {
            settle(.unsteady, now: now, for: Self.retryPause)
            return finding != before
        }
        guard let result = walk.result else {
            state = .searching(walk)
            return false
        }
        foundOver = answer.connection
        switch result {
        case .found(let chain):
            // What ended without a mark may have been cut short by a refusal of the moment.
            settle(.chain(chain), now: now, for: chain.isClosed ? Self.longestTrust : Self.retryPause)
        case .noMarker: settle(.noMarker, now: now, for: Self.retryPause)
        }
        return finding != before
    }

    /// True if what was found last came over this connection, so that an answer over it is one of the same device.
    func wasFound(over connection: Int) -> Bool { foundOver == connection }

    private mutating func settle(_ finding: Finding, now: Duration, for pause: Duration) {
        self.finding = finding
        state = .settled(at: now, again: now + pause)
        renewals = 0
    }

    /// A question got no answer, whether it was one of these or one for values.
    mutating func unanswered() {
        switch state {
        case .searching(var walk):
            walk.unanswered()
            state = .searching(walk)
        case .settled:
            // What has no marker is looked at again in its time.
            if case .chain = finding { begin() }
        }
    }

    /// Values came over this connection. If the models were found over another one, or something went unanswered
    /// since, they are looked for again before the values are believed: a device that was restarted may have come back
    /// with its registers elsewhere, and on a connection that was idle nobody notices.
    ///
    /// - Returns: True if the values can be believed as they are.
    mutating func holds(over connection: Int) -> Bool {
        guard case .chain = finding else { return true }
        if case .settled = state {
            if connection == foundOver { return true }
            begin()
        }
        return false
    }

    /// A register that should be there is refused.
    mutating func refused(now: Duration) {
        guard case .settled(let since, _) = state, case .chain = finding, now >= since + Self.retryPause else { return }
        begin()
    }

    private mutating func begin() {
        var base: UInt16?
        if case .chain(let chain) = finding { base = chain.base }
        state = .searching(ChainWalk(unit: unit, base: base))
    }
}
