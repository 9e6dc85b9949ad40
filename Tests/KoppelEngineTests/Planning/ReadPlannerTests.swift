import KoppelCore
import Testing

@testable import KoppelEngine

struct ReadPlannerTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let points: @Sendable () throws -> [Point]
        var due: [Int]?
        var limits = UnitLimits()
        var unreadable: [RegisterSpan] = []
        let reads: [String]
    }

    /// Every rule about what may share a read, on the default 9600 8E1 line.
    static let vectors = [
        Vector(
            testDescription: "P33: neighbours share a read",
            points: { try [point("a", at: 0), point("b", at: 1, .float32), point("c", at: 3)] },
            reads: ["holding 0+4"]),
        Vector(
            testDescription: "P28: an unlisted gap is never read along",
            points: { try [point("a", at: 0), point("b", at: 2)] },
            reads: ["holding 0+1", "holding 2+1"]),
        Vector(
            testDescription: "P28: a gap the profile calls readable is read along",
            points: { try [point("a", at: 0), point("b", at: 2)] },
            limits: UnitLimits(readableGaps: [RegisterSpan(table: .holdingRegister, addresses: 1...1)]),
            reads: ["holding 0+3"]),
        Vector(
            testDescription: "P30: a readable gap counts for its own table only",
            points: { try [point("a", at: 0), point("b", at: 2)] },
            limits: UnitLimits(readableGaps: [RegisterSpan(table: .inputRegister, addresses: 1...1)]),
            reads: ["holding 0+1", "holding 2+1"]),
        Vector(
            testDescription: "registers of a point that is not due exist by definition",
            points: { try [point("a", at: 0), point("b", at: 1), point("c", at: 2)] },
            due: [0, 2], reads: ["holding 0+3"]),
        Vector(
            testDescription: "a short gap is cheaper than a second request, a long one is not",
            points: { try [point("a", at: 0), point("b", at: 12), point("c", at: 70)] },
            limits: UnitLimits(allGapsReadable: true), reads: ["holding 0+13", "holding 70+1"]),
        Vector(
            testDescription: "points in different tables never share a read",
            points: {
                try [
                    point("a", .inputRegister, at: 0), point("b", at: 0), point("c", .coil, at: 0, .bool),
                    point("d", .discreteInput, at: 0, .bool),
                ]
            },
            reads: ["coil 0+1", "discrete 0+1", "holding 0+1", "input 0+1"]),
        Vector(
            testDescription: "D11: 126 registers take two requests, none above the protocol's 125",
            points: { try (0..<126).map { try point("p\($0)", at: UInt16($0)) } },
            reads: ["holding 0+125", "holding 125+1"]),
        Vector(
            testDescription: "P32: the unit's own limit holds, and no 32-bit value is cut by it",
            points: { try (0..<4).map { try point("p\($0)", at: UInt16(2 * $0), .uint32) } },
            limits: UnitLimits(registersPerRequest: 5), reads: ["holding 0+4", "holding 4+4"]),
        Vector(
            testDescription: "P31b: coils have their own limit, in bits",
            points: { try (0..<2_001).map { try point("p\($0)", .coil, at: UInt16($0), .bool) } },
            reads: ["coil 0+2000", "coil 2000+1"]),
        Vector(
            testDescription: "bit fields share their register",
            points: {
                try [
                    point("a", at: 9, .bit(0)), point("b", at: 9, .bit(1)), point("c", at: 9, .bits(lsb: 4, width: 3)),
                ]
            },
            reads: ["holding 9+1"]),
        Vector(
            testDescription: "overlapping values may be read apart when together they are too long",
            points: {
                try [
                    point("a", at: 0, .string(.highByteFirst, registers: 80)),
                    point("b", at: 70, .string(.highByteFirst, registers: 80)),
                ]
            },
            reads: ["holding 0+80", "holding 70+80"]),
        Vector(
            testDescription: "P46: the scale register comes along with its point, across the gap",
            points: { try [point("a", at: 0, scale: "s"), point("s", at: 5, .int16, published: false)] },
            due: [0], reads: ["holding 0+6"]),
        Vector(
            testDescription: "P46: a scale register of two far points is read with each of them",
            points: {
                try [
                    point("a", at: 0, scale: "s"), point("s", at: 100, .int16, published: false),
                    point("b", at: 200, scale: "s"),
                ]
            },
            due: [0, 2], reads: ["holding 0+101", "holding 100+101"]),
        Vector(
            testDescription: "P47: one due member brings its whole group, and the group's scale registers",
            points: {
                try [
                    point("a", at: 0, group: "g"), point("b", at: 10, scale: "s", group: "g"), point("s", at: 20),
                    point("c", at: 40),
                ]
            },
            due: [0], reads: ["holding 0+21"]),
        Vector(
            testDescription: "evenAlignment: start and count become even where the neighbour exists",
            points: { try [point("a", at: 3), point("b", at: 2), point("c", at: 4), point("d", at: 5)] },
            due: [0, 2], limits: UnitLimits(evenAlignment: true), reads: ["holding 2+4"]),
        Vector(
            testDescription: "evenAlignment: coils are not meant by it",
            points: { try [point("a", .coil, at: 3, .bool)] },
            limits: UnitLimits(evenAlignment: true), reads: ["coil 3+1"]),
        Vector(
            testDescription: "evenAlignment: an odd limit is rounded down by it",
            points: { try (0..<126).map { try point("p\($0)", at: UInt16($0)) } },
            limits: UnitLimits(evenAlignment: true), reads: ["holding 0+124", "holding 124+2"]),
        Vector(
            testDescription: "P28: what the unit refused is not read across, whatever the profile says",
            points: { try [point("a", at: 0), point("b", at: 4)] },
            limits: UnitLimits(allGapsReadable: true),
            unreadable: [RegisterSpan(table: .holdingRegister, addresses: 2...2)],
            reads: ["holding 0+1", "holding 4+1"]),
        Vector(
            testDescription: "P29: a refused point is still asked, in a read of its own",
            points: { try [point("a", at: 0), point("b", at: 1), point("c", at: 2), point("d", at: 1, .bit(3))] },
            unreadable: [RegisterSpan(table: .holdingRegister, addresses: 1...1)],
            reads: ["holding 0+1", "holding 1+1", "holding 2+1"]),
        Vector(
            testDescription: "P31: a read begins where the device lets one begin",
            points: { try [point("a", at: 197), point("b", at: 1_002), point("c", at: 1_004, .uint32)] },
            limits: UnitLimits(startAddresses: [.holdingRegister: [197, 198, 1_000]]),
            reads: ["holding 197+1", "holding 1000+6"]),
        Vector(
            testDescription: "another table begins anywhere",
            points: { try [point("a", .inputRegister, at: 3)] },
            limits: UnitLimits(startAddresses: [.holdingRegister: [197]]), reads: ["input 3+1"]),
        Vector(
            testDescription: "the last address can be read",
            points: { try [point("a", at: 65_534, .uint32)] }, reads: ["holding 65534+2"]),
        Vector(testDescription: "nothing due is nothing read", points: { [] }, reads: []),
    ]

    @Test(arguments: vectors)
    func `plans`(_ vector: Vector) throws {
        let points = try vector.points()
        let planner = ReadPlanner(
            unit: unit, points: points, limits: vector.limits, cost: .serial(SerialLine()),
            restrictions: ReadRestrictions(unreadable: vector.unreadable))
        let due = vector.due ?? Array(points.indices)
        let plan = planner.plan(due)
        #expect(planner.problems.isEmpty)
        #expect(brief(plan) == vector.reads)
        #expect(plan.flatMap(\.points).filter(\.isDue).map(\.point).sorted() == due.sorted())
        #expect(plan.allSatisfy { $0.request.unit == unit })
    }

    @Test func `existing points of the profile may be read across though they are switched off`() throws {
        let all = try (0..<3).map { try point("p\($0)", at: UInt16($0)) }
        let planner = ReadPlanner(
            unit: unit, points: [all[0], all[2]], existing: all, cost: .serial(SerialLine()))
        #expect(brief(planner.plan([0, 1])) == ["holding 0+3"])
    }

    @Test func `P46: a helper is read along without being due, and stands where its words are`() throws {
        let points = try [
            point("a", at: 10, .uint32, scale: "s"), point("s", at: 12, .int16), point("b", at: 13),
        ]
        let planner = ReadPlanner(unit: unit, points: points, cost: .tcp())
        #expect(
            planner.plan([2, 0]).map(\.points) == [
                [
                    .init(point: 0, words: 0..<2, isDue: true), .init(point: 1, words: 2..<3, isDue: false),
                    .init(point: 2, words: 3..<4, isDue: true),
                ]
            ])
    }

    @Test func `P28: a refused read is cut at its widest gap, then halved, until points stand alone`() throws {
        let points = try [point("a", at: 0), point("b", at: 1), point("c", at: 5), point("d", at: 6)]
        let planner = ReadPlanner(
            unit: unit, points: points, limits: UnitLimits(allGapsReadable: true), cost: .serial(SerialLine()))
        let whole = planner.plan(0..<4)
        #expect(brief(whole) == ["holding 0+7"])
        let halves = whole.flatMap { planner.halves(of: $0) }
        #expect(brief(halves) == ["holding 0+2", "holding 5+2"])
        let quarters = halves.flatMap { planner.halves(of: $0) }
        #expect(brief(quarters) == ["holding 0+1", "holding 1+1", "holding 5+1", "holding 6+1"])
        #expect(quarters.flatMap { planner.halves(of: $0) }.isEmpty)
        #expect(quarters.allSatisfy { $0.points.allSatisfy(\.isDue) })
    }

    @Test func `a plan is kept by what is due, and the cache is bounded`() throws {
        var cache = PlanCache<PlannedRead>(capacity: 2)
        var made = 0
        for groups in [[0], [0], [0, 1], [0], [1], [0]] {
            _ = cache.plan(for: groups) {
                made += 1
                return []
            }
        }
        // [0] and [0, 1] are made once; [1] finds the cache full and empties it, so that [0] is made again.
        #expect(made == 4)
    }
}
