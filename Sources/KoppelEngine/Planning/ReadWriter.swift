internal import KoppelCore

/// Writes down planned reads, and sees to it that each due point is due in one of them only.
struct ReadWriter {
    struct Block {
        let request: ReadRequest
        /// Indexes of points, perhaps more than once.
        let points: [Int]
        let time: Duration
    }

    private(set) var reads: [PlannedRead] = []
    private let points: [Point]
    private var isDue: [Bool]
    /// For each point the number of the last read that covers it, from 1.
    private var lastRead: [Int]

    init(points: [Point], isDue: [Bool]) {
        self.points = points
        self.isDue = isDue
        lastRead = [Int](repeating: 0, count: points.count)
    }

    mutating func write(_ block: Block) {
        let number = reads.count + 1
        var covered: [PlannedRead.Covered] = []
        covered.reserveCapacity(block.points.count)
        for index in block.points where lastRead[index] != number {
            lastRead[index] = number
            let first = Int(points[index].address) - Int(block.request.start)
            covered.append(
                .init(point: index, words: first..<(first + points[index].addresses.count), isDue: isDue[index]))
            isDue[index] = false
        }
        covered.sort { ($0.words.lowerBound, $0.point) < ($1.words.lowerBound, $1.point) }
        reads.append(PlannedRead(request: block.request, points: covered, time: block.time))
    }
}
