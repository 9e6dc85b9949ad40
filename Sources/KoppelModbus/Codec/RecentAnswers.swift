internal import KoppelCore

/// Tells whether an answer may be an earlier one that came twice (fault R08).
///
/// A double is the same frame byte for byte, and an RTU answer does not say which question it belongs to. So an answer
/// that equals a recent one to another question is in doubt, and the question is asked again; two registers of equal
/// value cost that once. What also equals the answer the question had before is no news and is taken at once, unless
/// the unit was caught answering twice.
///
/// Bounded: the last ``reach`` answers and one number for each of at most ``bound`` questions.
struct RecentAnswers {
    /// So many answers back a double may come from.
    static let reach = 8
    /// When more different questions than this are asked, the answers they had before are forgotten.
    static let bound = 2_048
    /// How long a unit that was caught answering twice is looked at more closely.
    static let distrust = Duration.seconds(600)

    private struct Taken {
        let request: ReadRequest
        let print: UInt64
    }

    private var latest: [Taken] = []
    private var next = 0
    private var before: [ReadRequest: UInt64] = [:]
    private var distrusted: [UnitID: ContinuousClock.Instant] = [:]

    /// A number that differs for frames that differ (64-bit FNV-1a).
    static func print(of frame: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in frame.indices { hash = (hash ^ UInt64(frame[index])) &* 0x100_0000_01B3 }
        return hash
    }

    /// True if the frame must not be taken before it is sure that it answers this question.
    func isInDoubt(_ print: UInt64, for request: ReadRequest, at now: ContinuousClock.Instant) -> Bool {
        guard latest.contains(where: { $0.print == print && $0.request != request }) else { return false }
        if let until = distrusted[request.unit], now < until { return true }
        return before[request] != print
    }

    mutating func took(_ print: UInt64, for request: ReadRequest) {
        let taken = Taken(request: request, print: print)
        if latest.count < Self.reach { latest.append(taken) } else { latest[next] = taken }
        next = (next + 1) % Self.reach
        if before.count >= Self.bound, before[request] == nil { before.removeAll(keepingCapacity: true) }
        before[request] = print
    }

    /// The unit answered twice, or late.
    mutating func caught(_ unit: UnitID, at now: ContinuousClock.Instant) { distrusted[unit] = now + Self.distrust }
}
