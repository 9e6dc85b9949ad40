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
            do throws(PointClosure.MissingScaleRegister) {
                let needs = try closure.needs(of: cluster)
                if let problem = problem(cluster, needs) {
                    problems.append(problem)
                } else {
                    sound.append((cluster, needs))
                }
            } catch {
                problems.append(problem(.scaleRegisterMissing(error.name), cluster, cluster))
            }
        }
        let runs = readableRuns(existing: existing, together: sound.map(\.needs), restrictions: restrictions)
        for (members, needs) in sound {
            add(members, needs, runs: runs)
        }
        spans.sort { left, right in
            (left.table.rawValue, left.addresses.lowerBound, right.addresses.upperBound)
                < (right.table.rawValue, right.addresses.lowerBound, left.addresses.upperBound)
        }
    }

    /// What the profile says exists: its points, its readable gaps, and what lies between points it wants together.
    private func readableRuns(
        existing: [Point], together: [[Int]], restrictions: ReadRestrictions
    ) -> [RegisterTable: ReadableRuns] {
        var known: [RegisterTable: [ClosedRange<Int>]] = [:]
        let present = points.indices.filter { !absent.contains($0) }.map { points[$0] }
        for point in present + existing { known[point.table, default: []].append(point.addresses) }
        for span in limits.readableGaps { known[span.table, default: []].append(span.range) }
        for needs in together { known[points[needs[0]].table, default: []].append(hull(of: needs)) }
        if limits.allGapsReadable { RegisterTable.allCases.forEach { known[$0] = [0...65_535] } }
        let refused = Dictionary(grouping: restrictions.unreadable, by: \.table)
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
        let addresses = hull(of: needs)
        if needs.contains(where: { points[$0].table != table }) { return problem(.differentTables, members, needs) }
        if addresses.upperBound > 65_535 { return problem(.pastTheEnd, members, needs) }
        let limit = limits.countPerRequest(in: table)
        guard addresses.count > limit else { return nil }
        return problem(.tooLarge(count: addresses.count, limit: limit), members, needs)
    }

    private mutating func add(_ members: [Int], _ needs: [Int], runs: [RegisterTable: ReadableRuns]) {
        let table = points[members[0]].table
        var addresses = hull(of: needs)
        guard let readable = runs[table] else { return }
        if limits.evenAlignment && !table.isBits {
            let even = (addresses.lowerBound & ~1)...(addresses.upperBound | 1)
            for neighbour in [even.lowerBound, even.upperBound]
            where !addresses.contains(neighbour) && !readable.contains(neighbour) {
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
                run: readable.run(holding: addresses)))
    }

    private func problem(_ kind: PlanningError.Kind, _ members: [Int], _ needs: [Int]) -> PlanningError {
        PlanningError(
            kind: kind, unit: unit, points: members, signals: needs.map { points[$0].signal },
            table: points[members[0]].table, addresses: hull(of: needs))
    }
}
