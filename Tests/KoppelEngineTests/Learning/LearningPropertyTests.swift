import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// Whatever a device lacks and however little it takes at once: nothing is torn, doubled or left out, and what works
/// is good in the end.
struct LearningPropertyTests {
    private struct World {
        var points: [Point] = []
        var device = LearningBench.Device()
        var limits = UnitLimits()

        init(seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            var address = Int.random(in: 0...3, using: &random)
            let wires: [WireType] = [
                .uint16, .uint16, .uint32, .float32, .uint64, .string(.highByteFirst, registers: 4),
            ]
            for index in 0..<Int.random(in: 2...60, using: &random) {
                let wire = wires.randomElement(using: &random) ?? .uint16
                // A group of neighbours now and then, and a scale register or a status right before its value.
                let group = Int.random(in: 0..<8, using: &random) == 0 ? "g\(index / 4)" : nil
                let hasScale = Int.random(in: 0..<10, using: &random) == 0 && points.last?.wire == .uint16
                let hasStatus = Int.random(in: 0..<10, using: &random) == 0 && points.last?.wire == .uint16
                points.append(
                    try point(
                        "p\(index)", at: UInt16(address), wire, scale: hasScale ? "p\(index - 1)" : nil,
                        status: hasStatus ? "p\(index - 1)" : nil, group: group,
                        every: Int.random(in: 0..<3, using: &random) == 0 ? .seconds(2) : .seconds(1)))
                address += wire.registers + max(0, Int.random(in: -4...6, using: &random))
            }
            // What another value needs, needs nothing itself.
            let needed = Set(points.flatMap(\.companions))
            for index in points.indices where needed.contains(points[index].signal) {
                points[index].scaleRegister = nil
                points[index].validWhen = []
            }
            let holes = (0..<max(0, Int.random(in: -1...3, using: &random))).map { _ in
                Int.random(in: 0...address, using: &random)
            }
            device.holes = [.holdingRegister: Set(holes)]
            limits.allGapsReadable = Bool.random(using: &random)
            limits.registersPerRequest = Int.random(in: 30...125, using: &random)
            limits.evenAlignment = Int.random(in: 0..<3, using: &random) == 0
            if limits.evenAlignment { limits.allGapsReadable = true }
            device.longest = Bool.random(using: &random) ? 125 : Int.random(in: 2...60, using: &random)
            device.tooLong = Bool.random(using: &random) ? 3 : 2
        }
    }

    @Test(arguments: 0..<20)
    func `P28, P31, P32, P46, P47, D01: for any layout, holes and limit`(_ seed: UInt64) throws {
        let world = try World(seed: seed)
        var bench = try LearningBench(world.points, device: world.device, limits: world.limits)
        let points = world.points
        let problems = Set(bench.machine.problems.flatMap(\.points))
        let plainCount = ReadPlanner(machine: bench.settings, cost: .serial(SerialLine())).plan(points.indices).count
        for sweep in 0..<120 {
            let due = sweep % 2 == 0 ? Array(bench.machine.groups.indices) : [0]
            let plan = bench.machine.plan(due).map(\.plan)
            let duePoints = due.flatMap { bench.machine.groups[$0].points }
            check(plan, duePoints, bench, seed)
            // Asked in this slot, or told in it why not; and nothing that was learned makes a value unreadable.
            let asked = plan.flatMap(\.points).filter(\.isDue).map(\.point)
            #expect(Set(asked + bench.machine.givenUp.keys).isSuperset(of: duePoints), "seed \(seed)")
            #expect(Set(bench.machine.problems.flatMap(\.points)) == problems, "seed \(seed)")
            #expect(plan.count <= plainCount + 24 + points.count / 2, "no burst, seed \(seed)")
            bench.sweep(groups: due)
        }
        // In the end exactly what the device lacks, or does not give whole, is bad. A value is lacking if any of what it
        // needs is.
        let holes = world.device.holes[.holdingRegister] ?? []
        for index in points.indices {
            let span = bench.machine.span(of: index)
            #expect((span == nil) == problems.contains(index), "seed \(seed)")
            let isLacking =
                span.map { $0.range.count > world.device.longest || $0.range.contains { holes.contains($0) } } ?? true
            let condition = bench.live[UInt16(index)]
            #expect(
                (condition?.quality == .bad) == isLacking,
                "seed \(seed), \(points[index].signal): \(String(describing: condition))")
        }
    }

    /// Each due value whole, in one read, and in only one; starts only where values start.
    private func check(
        _ plan: [PlannedRead], _ due: [Int], _ bench: LearningBench, _ seed: UInt64
    ) {
        let points = bench.settings.points
        var seen: Set<Int> = []
        let isEven = bench.settings.profile.limits.evenAlignment
        let starts = Set(points.map { isEven ? $0.address & ~1 : $0.address })
        for read in plan {
            #expect(starts.contains(read.request.start), "seed \(seed)")
            let covered = Set(read.points.map(\.point))
            for one in read.points {
                let point = points[one.point]
                #expect(one.words.count == point.wire.registers, "a value is never split, seed \(seed)")
                #expect(Int(read.request.start) + one.words.lowerBound == Int(point.address))
                #expect(one.words.upperBound <= Int(read.request.count))
                guard one.isDue else { continue }
                #expect(seen.insert(one.point).inserted, "each due value once, seed \(seed)")
                for name in point.companions {
                    #expect(covered.contains { points[$0].signal == name }, "with what it needs, seed \(seed)")
                }
                if let group = point.group {
                    let members = points.indices.filter { points[$0].group == group }
                    #expect(covered.isSuperset(of: members), "with its group, seed \(seed)")
                }
            }
        }
        #expect(seen.isSubset(of: due))
    }
}
