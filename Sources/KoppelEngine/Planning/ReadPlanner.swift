package import KoppelCore

/// Turns due points of one unit into the cheapest set of reads.
///
/// What must come from one answer is never split: the words of a value, a coherence group, a point with its scale
/// register and with what says whether it counts. A gap is read along only where the profile says the registers exist and where it pays. Start addresses
/// are only those of points, or one lower for units that want them even. Among all sets of reads that keep these
/// rules, the one with the least predicted bus time is found (field rules P28, P31, P31b, P33, P46, P47).
///
/// Making a planner sorts everything once: 1 to 2 ms for 1,000 points. A plan then takes 6 µs for ten points and about
/// 1 ms for a thousand (release, two busy cores); only a table full of coils takes longer. A planner is
/// a pure value: the same due points always give the same plan, so plans can be kept (``PlanCache``).
package struct ReadPlanner: Sendable {
    /// What cannot be read, and why. Those points are in no plan; everything else is read as usual.
    package let problems: [PlanningError]

    let spans: [AtomicSpan]
    private let unit: UnitID
    private let points: [Point]
    private let cost: BusCost
    private let timing: UnitTiming
    private let limits: UnitLimits
    /// For each point the place of its span in `spans`; `nil` if it cannot be read.
    private let spanOfPoint: [Int?]
    /// How much was learned to be answered, where that is less than the profile says. It never makes a value unreadable:
    /// what has to come from one answer is asked for whole, in a read of its own.
    private let longest: [RegisterTable: Int]

    /// - Parameters:
    ///   - unit: Whom to ask.
    ///   - points: What may become due. Plans speak of their indexes.
    ///   - existing: Further points of the same device, whose registers therefore exist.
    ///   - absent: Points that this device does not have. They are in no plan.
    ///   - limits: What one request may ask for.
    ///   - timing: The pause the unit wants before a request.
    ///   - cost: What a read costs on this bus.
    ///   - restrictions: What this unit was seen to refuse (field rules P28, P30, P32).
    package init(
        unit: UnitID, points: [Point], existing: [Point] = [], absent: Set<Int> = [],
        limits: UnitLimits = UnitLimits(), timing: UnitTiming = UnitTiming(), cost: BusCost,
        restrictions: ReadRestrictions = ReadRestrictions()
    ) {
        self.unit = unit
        self.points = points
        self.limits = limits
        self.timing = timing
        self.cost = cost
        let builder = SpanBuilder(
            unit: unit, points: points, existing: existing, absent: absent, limits: limits, restrictions: restrictions)
        spans = builder.spans
        problems = builder.problems
        var places = [Int?](repeating: nil, count: points.count)
        for (place, span) in spans.enumerated() {
            for member in span.members { places[member] = place }
        }
        spanOfPoint = places
        longest = restrictions.longest
    }

    /// The planner of a machine: its points, and everything its profile knows to exist.
    package init(machine: MachineSettings, cost: BusCost, restrictions: ReadRestrictions = ReadRestrictions()) {
        self.init(LocatedMachine(settings: machine), cost: cost, restrictions: restrictions)
    }

    /// The planner of a machine whose device told where its registers are.
    package init(_ located: LocatedMachine, cost: BusCost, restrictions: ReadRestrictions = ReadRestrictions()) {
        let machine = located.settings
        self.init(
            unit: machine.unit, points: machine.points, existing: machine.profile.points,
            absent: Set(located.absent.keys), limits: machine.profile.limits, timing: machine.profile.timing,
            cost: cost, restrictions: restrictions)
    }

    /// What is asked for to read this point and all that has to come with it; `nil` if no request can.
    package func span(of point: Int) -> RegisterSpan? {
        guard let span = spanOfPoint[point].map({ spans[$0] }) else { return nil }
        return RegisterSpan(
            table: span.table, addresses: UInt16(span.addresses.lowerBound)...UInt16(span.addresses.upperBound))
    }

    /// The cheapest reads for these points, by table and address. Points named in ``problems`` are left out.
    ///
    /// `due` are indexes of points, in any order; a repeat does not matter.
    package func plan(_ due: some Sequence<Int>) -> [PlannedRead] {
        var isDue = [Bool](repeating: false, count: points.count)
        var isWanted = [Bool](repeating: false, count: spans.count)
        for point in due {
            isDue[point] = true
            if let place = spanOfPoint[point] { isWanted[place] = true }
        }
        var writer = ReadWriter(points: points, isDue: isDue)
        let blocks = blocks(of: spans.indices.filter { isWanted[$0] })
        for places in blocks.sorted(by: { $0[0] < $1[0] }) {
            writer.write(read(places))
        }
        return writer.reads
    }

    /// The two halves of a read that the device refused, to find out which part it minds (field rule P28).
    ///
    /// It is cut at its widest gap, or in the middle if there is none.
    /// - Returns: Two reads; empty if nothing can be taken apart: then the points themselves are what is refused.
    package func halves(of refused: PlannedRead) -> [PlannedRead] {
        var isDue = [Bool](repeating: false, count: points.count)
        for covered in refused.points where covered.isDue { isDue[covered.point] = true }
        let places = Set(refused.points.filter(\.isDue).compactMap { spanOfPoint[$0.point] }).sorted()
        let kept = outermost(of: places)
        guard kept.count > 1 else { return [] }
        var cut = kept.count / 2
        var widest = 0
        for index in 1..<kept.count {
            let gap = spans[kept[index]].addresses.lowerBound - spans[kept[index - 1]].addresses.upperBound - 1
            if gap > widest { (widest, cut) = (gap, index) }
        }
        var writer = ReadWriter(points: points, isDue: isDue)
        writer.write(read(places.filter { $0 < kept[cut] }))
        writer.write(read(places.filter { $0 >= kept[cut] }))
        return writer.reads
    }
}

extension ReadPlanner {
    /// Which spans share a read, each block in rising order. `places` are rising.
    private func blocks(of places: [Int]) -> [[Int]] {
        var result: [[Int]] = []
        var sharing: [Int] = []
        for place in places {
            let span = spans[place]
            if let first = sharing.first, spans[first].table != span.table {
                result += cheapestBlocks(of: sharing)
                sharing = []
            }
            if span.run != nil {
                sharing.append(place)
            } else if let last = result.last?.first, spans[last].run == nil, spans[last].table == span.table,
                spans[last].addresses == span.addresses
            {
                result[result.count - 1].append(place)
            } else {
                result.append([place])
            }
        }
        return result + cheapestBlocks(of: sharing)
    }

    /// The spans that lie in no other, rising in start and in end. `places` are of one table.
    private func outermost(of places: [Int]) -> [Int] {
        var kept: [Int] = []
        var end = -1
        for place in places where spans[place].addresses.upperBound > end {
            kept.append(place)
            end = spans[place].addresses.upperBound
        }
        return kept
    }

    /// Cuts spans of one table, all readable, into the blocks with the least total time.
    ///
    /// Spans inside others ride along for nothing. Of what is left both starts and ends rise, so whatever lies
    /// between two spans of a read lies inside that read too: an optimal plan is a row of neighbours, and dynamic
    /// programming over the cuts finds it. A step looks back over at most one request's worth of spans.
    private func cheapestBlocks(of places: [Int]) -> [[Int]] {
        let kept = outermost(of: places)
        guard let first = kept.first else { return [] }
        let table = spans[first].table
        let most = limits.countPerRequest(in: table)
        let limit = longest[table].map { min($0, most) } ?? most
        let pause = (timing.pauseBeforeRequest ?? .zero).wholeNanoseconds
        // Plain numbers, because the loop below may turn some hundred thousand times for a table full of coils.
        let costs = (1...most).map { cost.nanoseconds(of: table, count: $0) + pause }
        let starts = kept.map { spans[$0].addresses.lowerBound }
        let ends = kept.map { spans[$0].addresses.upperBound }
        let runs = kept.map { spans[$0].run }
        // The best way to read the first n spans: its time, its number of reads, and where its last read begins.
        var times: [Int64] = [0]
        var reads = [0]
        var lastCuts = [0]
        // The furthest back that a read which ends here can begin.
        var earliest = 0
        for last in kept.indices {
            let end = ends[last]
            while earliest < last, end - starts[earliest] >= limit || runs[earliest] != runs[last] { earliest += 1 }
            var (bestTime, bestReads, bestCut) = (Int64.max, Int.max, last)
            for cut in earliest...last {
                let time = times[cut] + costs[end - starts[cut]]
                if time < bestTime || (time == bestTime && reads[cut] <= bestReads) {
                    (bestTime, bestReads, bestCut) = (time, reads[cut], cut)
                }
            }
            times.append(bestTime)
            reads.append(bestReads + 1)
            lastCuts.append(bestCut)
        }
        var cuts: [Int] = []
        var end = kept.count
        while end > 0 {
            end = lastCuts[end]
            cuts.append(end)
        }
        // Every span between one cut and the next, kept or riding along, belongs to one read.
        let firstPlaces = Set(cuts.map { kept[$0] })
        var result: [[Int]] = []
        for place in places {
            if firstPlaces.contains(place) { result.append([]) }
            result[result.count - 1].append(place)
        }
        return result
    }

    private func read(_ places: [Int]) -> ReadWriter.Block {
        var addresses = spans[places[0]].addresses
        for place in places {
            addresses = addresses.lowerBound...max(addresses.upperBound, spans[place].addresses.upperBound)
        }
        let table = spans[places[0]].table
        guard
            let request = ReadRequest(
                unit: unit, table: table, start: UInt16(addresses.lowerBound), count: addresses.count)
        else { preconditionFailure("The planner made a request outside the limits of the protocol.") }
        return ReadWriter.Block(
            request: request, spans: places.map { spans[$0] },
            time: cost.time(of: table, count: addresses.count, timing: timing))
    }
}

extension UnitLimits {
    /// The most one request may ask for in a table: the unit's limit, never above the protocol's.
    func countPerRequest(in table: RegisterTable) -> Int {
        min(table.isBits ? bitsPerRequest : registersPerRequest, table.protocolLimit)
    }
}
