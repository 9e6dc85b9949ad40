internal import KoppelCore

/// A planned read with everything looked up that decoding its answer needs.
struct PreparedRead: Sendable {
    let plan: PlannedRead
    let decoder: BlockDecoder
    /// For each result of the decoder, whether its point is due.
    let isDue: [Bool]

    init(_ plan: PlannedRead, points: [Point]) {
        self.plan = plan
        decoder = BlockDecoder(points: points, members: plan.points.map(\.point), block: plan.request.block)
        isDue = plan.points.map(\.isDue)
    }
}
