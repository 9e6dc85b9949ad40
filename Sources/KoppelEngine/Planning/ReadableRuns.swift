/// The addresses of one table that a read may run across, as the longest possible runs (field rule P28).
struct ReadableRuns: Sendable {
    /// Rising, without overlap.
    private let runs: [ClosedRange<Int>]

    /// - Parameters:
    ///   - known: Addresses that exist. They may overlap and stand in any order.
    ///   - unreadable: Addresses that the device was seen to refuse; they win.
    ///   - cuts: No run goes on from the address before one of these to the address itself.
    init(known: [ClosedRange<Int>], unreadable: [ClosedRange<Int>], cuts: [Int] = []) {
        var result: [ClosedRange<Int>] = []
        let holes = Self.merged(unreadable)
        for run in Self.merged(known) {
            var from = run.lowerBound
            for hole in holes where hole.overlaps(run) {
                if from < hole.lowerBound { result.append(from...(hole.lowerBound - 1)) }
                from = hole.upperBound + 1
            }
            if from <= run.upperBound { result.append(from...run.upperBound) }
        }
        runs = cuts.isEmpty ? result : result.flatMap { Self.pieces(of: $0, cuts: cuts.sorted()) }
    }

    private static func pieces(of run: ClosedRange<Int>, cuts: [Int]) -> [ClosedRange<Int>] {
        var result: [ClosedRange<Int>] = []
        var from = run.lowerBound
        for cut in cuts where cut > from && cut <= run.upperBound {
            result.append(from...(cut - 1))
            from = cut
        }
        return result + [from...run.upperBound]
    }

    private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        var result: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound + 1 {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// The number of the run that holds all of these addresses; `nil` if one of them may not be read along.
    func run(holding addresses: ClosedRange<Int>) -> Int? {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound < addresses.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < runs.count, runs[low].lowerBound <= addresses.lowerBound,
            runs[low].upperBound >= addresses.upperBound
        else { return nil }
        return low
    }

    func contains(_ address: Int) -> Bool { run(holding: address...address) != nil }
}
