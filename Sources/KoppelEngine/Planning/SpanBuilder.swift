internal import KoppelCore

/// Makes the atomic spans of a planner, once, and tells which points cannot be read.
struct SpanBuilder {
    /// By table, start, and then the longer first.
    private(set) var spans: [AtomicSpan] = []
    private(set) var problems: [PlanningError] = []

    private let unit: UnitID
    private let points: [Point]
    private let absent: Set<Int>
    private let limits: UnitLimits

    init(
        unit: UnitID, points: [Point], existing: [Point], absent: Set<Int>, limits: UnitLimits,
        restrictions: ReadRestrictions
    ) {
        self.unit = unit
        self.points = points
        self.absent = absent
        self.limits = limits
        let closure = PointClosure(points, absent: absent)
        var sound: [(members: [Int], needs: [Int])] = []
        for cluster in closure.clusters {
            do throws(PointClosure.MissingCompanion) {
                let needs = try closure.needs(of: cluster)
                if let problem = problem(cluster, needs) {
                    problems.append(problem)
                } else {
                    sound.append((cluster, needs))
                }
            } catch {
                problems.append(problem(.companionMissing(error.name), cluster, cluster))
            }
        }
        let together = sound.map(\.needs)
        let runs = readableRuns(existing: existing, together: together, restrictions: restrictions)
        // What a unit refuses takes nothing out of the plan: it is asked for by itself, so that its failure is seen, and
        // its recovery too.
        let known =
            limits.evenAlignment && restrictions != ReadRestrictions()
            ? readableRuns(existing: existing, together: together, restrictions: ReadRestrictions()) : runs
        let refused = Set(restrictions.unreadable)
        for (members, needs) in sound {
            add(members, needs, known: known, runs: runs, refused: refused)
        }
        spans.sort { left, right in
            (left.table.rawValue, left.addresses.lowerBound, right.addresses.upperBound)
                < (right.table.rawValue, right.addresses.lowerBound, left.addresses.upperBound)
        }
    }

    /// What the profile says exists: its points, its readable gaps, and what lies between points it wants together, as
    /// long as the device did not refuse just that: then the points between them are read as if they stood alone.
    private func readableRuns(
        existing: [Point], together: [[Int]], restrictions: ReadRestrictions
    ) -> [RegisterTable: ReadableRuns] {
        var known: [RegisterTable: [ClosedRange<Int>]] = [:]
        let present = points.indices.filter { !absent.contains($0) }.map { points[$0] }
        for point in present + existing { known[point.table, default: []].append(point.addresses) }
        for span in limits.readableGaps { known[span.table, default: []].append(span.range) }
        let unreadable = Set(restrictions.unreadable)
        let refusedWhole = Set(together.compactMap { refusedSpan($0, of: unreadable) })
        for needs in together where refusedSpan(needs, of: unreadable) == nil {
            known[points[needs[0]].table, default: []].append(fromStart(hull(of: needs), points[needs[0]].table))
        }
        if limits.allGapsReadable { RegisterTable.allCases.forEach { known[$0] = [0...65_535] } }
        let refused = Dictionary(
            grouping: restrictions.unreadable.filter { !refusedWhole.contains($0) }, by: \.table)
        let cuts = Dictionary(grouping: restrictions.cuts, by: \.table)
        return Dictionary(
            uniqueKeysWithValues: known.map { table, ranges in
                let inRange = ranges.compactMap { $0.lowerBound > 65_535 ? nil : $0.clamped(to: 0...65_535) }
                return (
                    table,
                    ReadableRuns(
                        known: inRange, unreadable: (refused[table] ?? []).map(\.range),
                        cuts: (cuts[table] ?? []).map(\.before))
                )
            })
    }

    /// What is asked for to read these together, if they leave a gap and the device refused exactly that.
    private func refusedSpan(_ needs: [Int], of unreadable: Set<RegisterSpan>) -> RegisterSpan? {
        guard !unreadable.isEmpty else { return nil }
        let (table, range) = (points[needs[0]].table, asked(for: needs))
        guard let first = UInt16(exactly: range.lowerBound), let last = UInt16(exactly: range.upperBound) else {
            return nil
        }
        let span = RegisterSpan(table: table, addresses: first...last)
        guard unreadable.contains(span) else { return nil }
        let own = needs.reduce(into: Set<Int>()) { $0.formUnion(points[$1].addresses) }
        return own.count < hull(of: needs).count ? span : nil
    }

    /// The addresses of one request for these: from where a read may begin, and made even if the unit wants that.
    private func asked(for needs: [Int]) -> ClosedRange<Int> {
        let range = fromStart(hull(of: needs), points[needs[0]].table)
        guard limits.evenAlignment, !points[needs[0]].table.isBits else { return range }
        return (range.lowerBound & ~1)...(range.upperBound | 1)
    }

    private func fromStart(_ range: ClosedRange<Int>, _ table: RegisterTable) -> ClosedRange<Int> {
        guard let first = UInt16(exactly: range.lowerBound), let start = limits.start(toReach: first, in: table) else {
            return range
        }
        return Int(start)...range.upperBound
    }

    private func hull(of needs: [Int]) -> ClosedRange<Int> {
        var hull = points[needs[0]].addresses
        for index in needs {
            let addresses = points[index].addresses
            hull = min(hull.lowerBound, addresses.lowerBound)...max(hull.upperBound, addresses.upperBound)
        }
        return hull
    }

    /// What is wrong before alignment.
    private func problem(_ members: [Int], _ needs: [Int]) -> PlanningError? {
        let table = points[members[0]].table
        let addresses = fromStart(hull(of: needs), table)
        if needs.contains(where: { points[$0].table != table }) { return problem(.differentTables, members, needs) }
        if addresses.upperBound > 65_535 { return problem(.pastTheEnd, members, needs) }
        if let first = UInt16(exactly: addresses.lowerBound), limits.start(toReach: first, in: table) == nil {
            return problem(.noStart, members, needs)
        }
        let limit = limits.countPerRequest(in: table)
        guard addresses.count > limit else { return nil }
        return problem(.tooLarge(count: addresses.count, limit: limit), members, needs)
    }

    /// `known` is what the profile says exists, `runs` what of that a read may run across, and `refused` what the device
    /// refuses.
    private mutating func add(
        _ members: [Int], _ needs: [Int], known: [RegisterTable: ReadableRuns], runs: [RegisterTable: ReadableRuns],
        refused: Set<RegisterSpan>
    ) {
        let table = points[members[0]].table
        var addresses = fromStart(hull(of: needs), table)
        guard let known = known[table], let readable = runs[table] else { return }
        if limits.evenAlignment && !table.isBits {
            let even = asked(for: needs)
            for neighbour in [even.lowerBound, even.upperBound]
            where !addresses.contains(neighbour) && !known.contains(neighbour) {
                problems.append(problem(.oddEdge(neighbour: neighbour), members, needs))
                return
            }
            addresses = even
            let limit = limits.countPerRequest(in: table)
            if addresses.count > limit {
                problems.append(problem(.tooLarge(count: addresses.count, limit: limit), members, needs))
                return
            }
        }
        spans.append(
            AtomicSpan(
                members: members, points: needs, table: table, addresses: addresses,
                run: refusedSpan(needs, of: refused) == nil ? readable.run(holding: addresses) : nil))
    }

    private func problem(_ kind: PlanningError.Kind, _ members: [Int], _ needs: [Int]) -> PlanningError {
        PlanningError(
            kind: kind, unit: unit, points: members, signals: needs.map { points[$0].signal },
            table: points[members[0]].table, addresses: hull(of: needs))
    }
}
