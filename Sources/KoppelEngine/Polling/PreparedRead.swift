internal import KoppelCore

/// A planned read with everything looked up that decoding its answer needs.
struct PreparedRead: Sendable {
    let plan: PlannedRead
    let decoder: BlockDecoder
    /// For each result of the decoder, whether its point is due.
    let isDue: [Bool]
    /// True if it asks where the points lie, and not for their values.
    let asksForLayout: Bool

    init(_ plan: PlannedRead, points: [Point]) {
        self.plan = plan
        decoder = BlockDecoder(points: points, members: plan.points.map(\.point), block: plan.request.block)
        isDue = plan.points.map(\.isDue)
        asksForLayout = false
    }

    /// A question that has to be answered before these points can be read.
    init(layoutQuestion request: ReadRequest, for waiting: [Int], time: Duration) {
        plan = PlannedRead(
            request: request, points: waiting.map { PlannedRead.Covered(point: $0, words: 0..<0, isDue: true) },
            time: time)
        decoder = BlockDecoder(points: [], members: [], block: request.block)
        isDue = []
        asksForLayout = true
    }
}
