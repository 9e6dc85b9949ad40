package import KoppelCore

/// One read of a plan: what to ask, and which points its answer holds.
package struct PlannedRead: Hashable, Sendable {
    /// A point whose whole value lies in the answer.
    package struct Covered: Hashable, Sendable {
        /// The index of the point in the machine's points.
        package let point: Int
        /// Where its words (for coils and discrete inputs: its bit) stand in the answer's words.
        package let words: Range<Int>
        /// False if the point is only read along, as scale register or as member of a group of which another member
        /// is due. A due point is due in exactly one read of a plan, also if several cover it.
        package let isDue: Bool

        package init(point: Int, words: Range<Int>, isDue: Bool) {
            self.point = point
            self.words = words
            self.isDue = isDue
        }
    }

    package let request: ReadRequest
    /// In the order of their addresses. With a point always its whole group and its scale register.
    package let points: [Covered]
    /// The predicted time on the bus, with the unit's pause before it.
    package let time: Duration

    package init(request: ReadRequest, points: [Covered], time: Duration) {
        self.request = request
        self.points = points
        self.time = time
    }
}
