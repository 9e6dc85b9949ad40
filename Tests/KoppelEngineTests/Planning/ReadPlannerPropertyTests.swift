import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// The planner against an exact search over all ways to share reads, on small random machines.
struct ReadPlannerPropertyTests {
    /// One random machine, its limits, and what is due.
    struct Machine {
        var points: [Point] = []
        var limits = UnitLimits()
        var restrictions = ReadRestrictions()
        var due: [Int] = []
        var cost = BusCost.tcp()

        init(seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...8, using: &random)
            let width = Int.random(in: 10...50, using: &random)
            let wires: [WireType] = [.uint16, .bit(3), .float32, .uint64, .string(.highByteFirst, registers: 6)]
            let tables: [RegisterTable] = [.holdingRegister, .holdingRegister, .holdingRegister, .coil]
            for index in 0..<count {
                let table = tables.randomElement(using: &random) ?? .coil
                let hasScale = index > 0 && Int.random(in: 0..<5, using: &random) == 0
                let hasStatus = index > 0 && Int.random(in: 0..<6, using: &random) == 0
                points.append(
                    try point(
                        "p\(index)", table, at: UInt16.random(in: 0...UInt16(width), using: &random),
                        table.isBits ? .bool : wires.randomElement(using: &random) ?? .uint16,
                        scale: hasScale ? "p\(Int.random(in: 0..<index, using: &random))" : nil,
                        status: hasStatus ? "p\(Int.random(in: 0..<index, using: &random))" : nil,
                        group: Int.random(in: 0..<5, using: &random) == 0 ? "g" : nil))
            }
            func span(in random: inout SeededGenerator) -> RegisterSpan {
                let start = UInt16.random(in: 0...60, using: &random)
                return RegisterSpan(
                    table: tables.randomElement(using: &random) ?? .coil,
                    addresses: start...(start + UInt16.random(in: 0...8, using: &random)))
            }
            limits = UnitLimits(
                registersPerRequest: Int.random(in: 4...40, using: &random),
                bitsPerRequest: Int.random(in: 4...60, using: &random),
                readableGaps: (0..<Int.random(in: 0...4, using: &random)).map { _ in span(in: &random) },
                allGapsReadable: Int.random(in: 0..<3, using: &random) == 0,
                evenAlignment: Int.random(in: 0..<4, using: &random) == 0)
            restrictions.unreadable = (0..<max(0, Int.random(in: -3...2, using: &random))).map { _ in
                span(in: &random)
            }
            due = points.indices.filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
            cost = .tcp(
                roundTrip: .microseconds(Int.random(in: 0...40, using: &random)),
                byteTime: .microseconds(Int.random(in: 0...3, using: &random)))
            restrictions.cuts = (0..<max(0, Int.random(in: -3...3, using: &random))).map { _ in
                .init(
                    table: tables.randomElement(using: &random) ?? .coil,
                    before: Int.random(in: 0...60, using: &random))
            }
            for table in RegisterTable.allCases where Int.random(in: 0..<4, using: &random) == 0 {
                restrictions.longest[table] = Int.random(in: 1...45, using: &random)
            }
        }
    }

    /// The rules again, said as plainly as possible and as slowly as it takes.
    struct ExactSearch {
        let machine: Machine
        let points: [Point]
        /// For each point all that has to come from its answer.
        let families: [Set<Int>]
        /// Everything that the profile says exists, by table, whatever was learned.
        private(set) var existing: [RegisterTable: Set<Int>] = [:]

        init(machine: Machine) {
            self.machine = machine
            let points = machine.points
            self.points = points
            families = points.indices.map { index in
                var found: Set = [index]
                while true {
                    let more = points.indices.filter { other in
                        found.contains { mine in
                            points[mine].scaleRegister == points[other].signal
                                || points[mine].validWhen.contains { $0.signal == points[other].signal }
                                || (points[mine].group != nil && points[mine].group == points[other].group)
                        }
                    }
                    if found.isSuperset(of: more) { return found }
                    found.formUnion(more)
                }
            }
            existing = told()
        }

        func hull(_ indexes: some Sequence<Int>) -> ClosedRange<Int> {
            let addresses = indexes.map { points[$0].addresses }
            return (addresses.map(\.lowerBound).min() ?? 0)...(addresses.map(\.upperBound).max() ?? 0)
        }

        func isLarge(_ count: Int, in table: RegisterTable) -> Bool {
            count > (table.isBits ? machine.limits.bitsPerRequest : machine.limits.registersPerRequest)
        }

        private func told() -> [RegisterTable: Set<Int>] {
            var result: [RegisterTable: Set<Int>] = [:]
            for (index, point) in points.enumerated() {
                result[point.table, default: []].formUnion(point.addresses)
                let family = families[index]
                let together = hull(family)
                if family.allSatisfy({ points[$0].table == point.table }), !isLarge(together.count, in: point.table) {
                    result[point.table, default: []].formUnion(together)
                }
            }
            for gap in machine.limits.readableGaps { result[gap.table, default: []].formUnion(gap.range) }
            if machine.limits.allGapsReadable { RegisterTable.allCases.forEach { result[$0] = Set(0...70) } }
            return result
        }

        /// Everything that may be read along, by table.
        func readable() -> [RegisterTable: Set<Int>] {
            var result = existing
            for hole in machine.restrictions.unreadable { result[hole.table]?.subtract(hole.range) }
            return result
        }

        /// The addresses of a read for these due points; `nil` if no allowed read holds them.
        func addresses(_ due: [Int], readable: [RegisterTable: Set<Int>]) -> ClosedRange<Int>? {
            let families = due.map { self.families[$0] }
            let table = points[due[0]].table
            guard families.allSatisfy({ $0.allSatisfy { points[$0].table == table } }) else { return nil }
            let known = readable[table] ?? []
            func aligned(_ range: ClosedRange<Int>) -> ClosedRange<Int>? {
                guard machine.limits.evenAlignment, !table.isBits else { return range }
                let even = (range.lowerBound / 2 * 2)...(range.upperBound / 2 * 2 + 1)
                // What was learned makes no value unreadable.
                let existing = existing[table] ?? []
                return even.allSatisfy { range.contains($0) || existing.contains($0) } ? even : nil
            }
            let parts = families.map { aligned(hull($0)) }
            guard let whole = aligned(hull(families.joined())), !isLarge(whole.count, in: table) else { return nil }
            if parts.allSatisfy({ $0 == whole }) { return whole }
            // A learned limit and a learned cut hold for what can be read apart, and only for that.
            let isCut = machine.restrictions.cuts.contains {
                $0.table == table && $0.before > whole.lowerBound && $0.before <= whole.upperBound
            }
            if let longest = machine.restrictions.longest[table], whole.count > longest, !parts.contains(whole) {
                return nil
            }
            return known.isSuperset(of: whole) && !isCut ? whole : nil
        }

        /// The least time of all partitions of these due points, by subsets: the block of a subset's first point,
        /// every way, and the best for what is left.
        func leastTime(_ due: [Int], readable: [RegisterTable: Set<Int>]) -> Duration? {
            let subsets = 1 << due.count
            let times = (0..<subsets).map { subset -> Duration? in
                let block = due.indices.filter { subset & (1 << $0) != 0 }.map { due[$0] }
                guard !block.isEmpty, let addresses = addresses(block, readable: readable) else { return nil }
                return machine.cost.time(of: points[block[0]].table, count: addresses.count)
            }
            var best: [Duration?] = [.zero]
            for subset in 1..<max(subsets, 1) {
                var least: Duration?
                for block in 1...subset where block & subset == block && block & (subset & -subset) != 0 {
                    guard let time = times[block], let rest = best[subset & ~block] else { continue }
                    least = min(least ?? (time + rest), time + rest)
                }
                best.append(least)
            }
            return best[subsets - 1]
        }
    }

    @Test(arguments: 0..<40)
    func `P28, P31, P32, P33: no other set of allowed reads takes less time, whatever was learned`(_ block: UInt64)
        throws
    {
        for seed in (block * 20)..<(block * 20 + 20) {
            let machine = try Machine(seed: seed)
            let planner = ReadPlanner(
                unit: unit, points: machine.points, limits: machine.limits, cost: machine.cost,
                restrictions: machine.restrictions)
            let plan = planner.plan(machine.due.reversed())
            let search = ExactSearch(machine: machine)
            let readable = search.readable()
            let possible = machine.due.filter { search.addresses([$0], readable: readable) != nil }
            let least = try #require(search.leastTime(possible, readable: readable), "seed \(seed)")
            #expect(plan.reduce(.zero) { $0 + $1.time } == least, "seed \(seed): \(brief(plan))")
            #expect(plan.flatMap(\.points).filter(\.isDue).map(\.point).sorted() == possible, "seed \(seed)")
            let refused = Set(planner.problems.flatMap(\.points))
            #expect(Set(machine.due).subtracting(possible) == refused.intersection(machine.due), "seed \(seed)")
            let rules = plan.flatMap { broken($0, of: search, readable: readable) }
            #expect(rules.isEmpty, "seed \(seed)")
        }
    }

    /// The rules that a read breaks by itself (P28, P31, P46, P47).
    private func broken(
        _ read: PlannedRead, of search: ExactSearch, readable: [RegisterTable: Set<Int>]
    ) -> [String] {
        let points = search.points
        let table = read.request.table
        let start = Int(read.request.start)
        let asked = start..<(start + Int(read.request.count))
        let covered = Set(read.points.map(\.point))
        var rules: [String] = []
        func rule(_ name: String, _ holds: Bool) { if !holds { rules.append("\(name): \(brief([read]))") } }
        rule("within the limit", !search.isLarge(asked.count, in: table))
        rule("each point once", covered.count == read.points.count)
        rule("something is due", !read.points.filter(\.isDue).isEmpty)
        for one in read.points {
            let point = points[one.point]
            rule("one table", point.table == table)
            rule("in its place", start + one.words.lowerBound == Int(point.address))
            rule("whole", one.words.count == point.wire.registers && one.words.upperBound <= asked.count)
            rule("with all it needs", !one.isDue || covered.isSuperset(of: search.families[one.point]))
        }
        let ofPoints = Set(read.points.flatMap { Array(points[$0.point].addresses) })
        let isAlone = read.points.allSatisfy { one in
            !one.isDue || search.addresses([one.point], readable: readable) == asked.lowerBound...(asked.upperBound - 1)
        }
        let known = (readable[table] ?? []).union(ofPoints)
        rule("only readable gaps", isAlone || known.isSuperset(of: asked))
        let starts = Set(points.filter { $0.table == table }.map { Int($0.address) })
        let even = search.machine.limits.evenAlignment && !table.isBits
        rule("starts at a point", starts.contains(start) || (even && starts.contains(start + 1)))
        rule("even", !even || (start % 2 == 0 && asked.count % 2 == 0))
        return rules
    }

    /// A machine's registers, filled so that every word tells its own address.
    private func answer(to request: ReadRequest) -> [UInt16] {
        (0..<request.count).map { offset in
            let address = request.start + offset
            return request.table.isBits ? (address / 3) & 1 : address &* 31 &+ 7
        }
    }

    static let counts = RegisterTable.allCases.flatMap { table in
        (table.isBits ? [1, 7, 8, 9, 1_999, 2_000, 2_001] : [1, 2, 124, 125, 126, 251]).map { (table, $0) }
    }

    @Test(arguments: counts)
    func `P31b: planner and slicing agree in all four tables, at and past their limits`(
        _ table: RegisterTable, _ count: Int
    ) throws {
        let points = try (0..<count).map { try point("p\($0)", table, at: UInt16($0), table.isBits ? .bool : .uint16) }
        let planner = ReadPlanner(unit: unit, points: points, cost: .serial(SerialLine()))
        var seen: [Int: [UInt16]] = [:]
        let plan = planner.plan(points.indices)
        #expect(plan.count == (count + table.protocolLimit - 1) / table.protocolLimit)
        for read in plan {
            let words = answer(to: read.request)
            for covered in read.points { seen[covered.point] = Array(words[covered.words]) }
        }
        let wrong = points.indices.filter { index in
            let address = UInt16(index)
            return seen[index] != [table.isBits ? (address / 3) & 1 : address &* 31 &+ 7]
        }
        #expect(wrong.isEmpty)
    }
}
