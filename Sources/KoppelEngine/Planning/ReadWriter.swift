internal import KoppelCore

/// Writes down planned reads: what to ask, and what of the answer belongs to which point.
struct ReadWriter {
    /// Spans that share a read.
    struct Block {
        let request: ReadRequest
        let spans: [AtomicSpan]
        let time: Duration
    }

    private(set) var reads: [PlannedRead] = []
    private let points: [Point]
    private let isDue: [Bool]
    /// For each point the number of the last read that covers it, from 1.
    private var lastRead: [Int]

    init(points: [Point], isDue: [Bool]) {
        self.points = points
        self.isDue = isDue
        lastRead = [Int](repeating: 0, count: points.count)
    }

    /// A point is a member of exactly one span, and is due in the read of that span and in no other.
    mutating func write(_ block: Block) {
        let number = reads.count + 1
        var covered: [PlannedRead.Covered] = []
        func cover(_ index: Int, isDue: Bool) {
            guard lastRead[index] != number else { return }
            lastRead[index] = number
            let first = Int(points[index].address) - Int(block.request.start)
            covered.append(.init(point: index, words: first..<(first + points[index].addresses.count), isDue: isDue))
        }
        for span in block.spans {
            for index in span.members { cover(index, isDue: isDue[index]) }
        }
        for span in block.spans where span.points.count > span.members.count {
            for index in span.points { cover(index, isDue: false) }
        }
        covered.sort { ($0.words.lowerBound, $0.point) < ($1.words.lowerBound, $1.point) }
        reads.append(PlannedRead(request: block.request, points: covered, time: block.time))
    }
}
