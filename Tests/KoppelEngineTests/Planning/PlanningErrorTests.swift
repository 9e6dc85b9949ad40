import KoppelCore
import Testing

@testable import KoppelEngine

struct PlanningErrorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let points: @Sendable () throws -> [Point]
        var limits = UnitLimits()
        let sentence: String
    }

    static let vectors = [
        Vector(
            testDescription: "P32: a value longer than the unit allows",
            points: { try [point("a", at: 0, .uint64)] }, limits: UnitLimits(registersPerRequest: 3),
            sentence: "unit 7, test/a (holding 0 to 3): needs 4 registers in one request and the limit is 3. "
                + "Take signals out of the group, name a nearer scale register or status, or raise the limit in the profile"
        ),
        Vector(
            testDescription: "D01: a group that spreads over more than one request",
            points: {
                try (0..<5).map { try point("p\($0)", .coil, at: UInt16($0 * 600), .bool, group: "g") }
            },
            sentence: "unit 7, test/p0, test/p1, test/p2 and 2 more (coil 0 to 2400): needs 2401 bits in one request "
                + "and the limit is 2000. "
                + "Take signals out of the group, name a nearer scale register or status, or raise the limit in the profile"
        ),
        Vector(
            testDescription: "P46: a scale register in another table",
            points: { try [point("a", at: 3, scale: "s"), point("s", .inputRegister, at: 4)] },
            sentence: "unit 7, test/a, test/s (holding 3 to 4): has to come from one answer and lies in more than one "
                + "table. Give the group, the scale register or `validWhen` points of one table only"),
        Vector(
            testDescription: "P46: a scale register that is not there",
            points: { try [point("a", at: 3, scale: "s")] },
            sentence: "unit 7, test/a (holding 3): test/s, which it names as scale register or in `validWhen`, is not "
                + "among the points. Add it to the profile, with `publish: false` if nobody needs its value"),
        Vector(
            testDescription: "P46: a status in another table",
            points: { try [point("a", at: 3, status: "s"), point("s", .discreteInput, at: 4, .bool)] },
            sentence: "unit 7, test/a, test/s (holding 3 to 4): has to come from one answer and lies in more than one "
                + "table. Give the group, the scale register or `validWhen` points of one table only"),
        Vector(
            testDescription: "P46: a status that is not there",
            points: { try [point("a", at: 3, status: "s")] },
            sentence: "unit 7, test/a (holding 3): test/s, which it names as scale register or in `validWhen`, is not "
                + "among the points. Add it to the profile, with `publish: false` if nobody needs its value"),
        Vector(
            testDescription: "P31: an odd start that nothing is known to stand before",
            points: { try [point("a", at: 3, .uint32)] }, limits: UnitLimits(evenAlignment: true),
            sentence: "unit 7, test/a (holding 3 to 4): this unit wants even starts and counts, and holding 2 is not "
                + "known to exist. Add it to the readable gaps in the profile, or switch even alignment off"),
        Vector(
            testDescription: "P31: a value before every address at which a read may begin",
            points: { try [point("a", at: 100)] },
            limits: UnitLimits(startAddresses: [.holdingRegister: [197, 198]]),
            sentence: "unit 7, test/a (holding 100): no read may begin at or before it. "
                + "Add an address to `limits.startAt` in the profile"),
        Vector(
            testDescription: "D11: a value past the last address",
            points: { try [point("a", at: 65_535, .uint32)] },
            sentence: "unit 7, test/a (holding 65535 to 65536): runs past the last address, 65535. "
                + "Check address and type"),
    ]

    @Test(arguments: vectors)
    func `what cannot be read is told, and the rest is read as usual`(_ vector: Vector) throws {
        let sound = try point("sound", .inputRegister, at: 40, .uint32)
        let points = try vector.points() + [sound]
        let planner = ReadPlanner(unit: unit, points: points, limits: vector.limits, cost: .tcp())
        let due = points.indices.filter { points[$0].published }
        #expect(planner.problems.map(\.description) == [vector.sentence])
        let unread = Set(planner.problems.flatMap(\.points))
        let read = planner.plan(due).flatMap(\.points).filter(\.isDue).map(\.point)
        #expect(Set(read) == Set(due).subtracting(unread))
        #expect(read.contains(points.count - 1))
    }
}
