import KoppelCore
import Testing

@testable import KoppelEngine

/// What `koppel read` makes of a device that refuses something: one round, and no next one to learn for.
struct SingleRoundTests {
    /// A round over everything, answered by the device.
    private struct Played {
        var lines: [String] = []
        var bad: [String] = []
        var good: Set<String> = []
        var remarks: [String] = []
        var restrictions = ReadRestrictions()

        init(
            _ points: [Point], _ device: LearningBench.Device, limits: UnitLimits = UnitLimits(),
            restrictions: ReadRestrictions = ReadRestrictions()
        ) throws {
            var settings = try PollingBench.settings("press", unit: 1, points)
            settings.profile.limits = limits
            var round = SingleRound(
                LocatedMachine(settings: settings), due: Array(points.indices), cost: .serial(SerialLine()),
                restrictions: restrictions)
            while let read = round.next() {
                lines += brief([read])
                switch device.answer(to: read.request) {
                case .words:
                    round.answered(read)
                    good.formUnion(
                        read.points.filter(\.isDue).map { String("\(points[$0.point].signal)".dropFirst(5)) })
                case .exception(let exception):
                    bad += round.refused(read, exception).map { String("\(points[$0].signal)".dropFirst(5)) }
                case nil: Issue.record("no answer")
                }
            }
            (remarks, self.restrictions) = (round.remarks, round.restrictions)
        }
    }

    @Test func `F31, P28: one register that is missing costs no other its value`() throws {
        let played = try Played(try registers(8), .init(holes: [.holdingRegister: [5]]))
        #expect(played.bad == ["holding-5"])
        #expect(played.good.count == 7)
        #expect(played.lines.first == "holding 0+8" && played.lines.count == 7)
        let next = try Played(
            try registers(8), .init(holes: [.holdingRegister: [5]]), restrictions: played.restrictions)
        #expect(next.lines == ["holding 0+5", "holding 5+1", "holding 6+2"], "the next round knows")
        #expect(next.bad == ["holding-5"])
    }

    @Test func `P28, P46: a value that lies too far from its scale register is bad alone`() throws {
        let points =
            try registers(4) + [point("scaled", at: 4, scale: "scale")] + registers(3, from: 5)
            + registers(4, from: 9) + [point("scale", at: 31)]
        let holes = Set(0...31).subtracting(points.map { Int($0.address) })
        let played = try Played(points, .init(holes: [.holdingRegister: holes]))
        #expect(played.bad == ["scaled"])
        #expect(played.good.count == points.count - 1)
        #expect(
            played.restrictions.unreadable == [RegisterSpan(table: .holdingRegister, addresses: 4...31)])
        // What lies between the two is read in blocks, not one by one.
        #expect(played.lines.suffix(3) == ["holding 5+3", "holding 9+4", "holding 31+1"])
    }

    @Test func `P28: a gap that is refused is named, and all values are there`() throws {
        let points = try registers(4) + registers(4, from: 8)
        let played = try Played(
            points, .init(holes: [.holdingRegister: [5]]), limits: UnitLimits(allGapsReadable: true))
        #expect(played.bad.isEmpty && played.good.count == 8)
        #expect(
            played.remarks == [
                "holding 4 to 7 lies between signals and is refused (exception 2 (illegal data address)), so they were "
                    + "read in parts"
            ])
    }

    @Test func `P32: a request that is too long for the device is read in parts`() throws {
        let played = try Played(try registers(40), .init(longest: 16))
        #expect(played.bad.isEmpty && played.good.count == 40)
        #expect(played.remarks.count == 2 && played.remarks.allSatisfy { $0.contains("in parts") })
    }

    @Test func `a device that refuses everything gets a bounded number of questions`() throws {
        let played = try Played(try registers(1_000), .init(refusesAll: true))
        #expect(played.bad.count == 1_000)
        #expect(played.lines.count <= 8 + SingleRound.mostRepeats)
    }

    @Test func `a device that is busy is not asked again in parts`() throws {
        var device = LearningBench.Device(refusesAll: true)
        device.absent = 6
        let played = try Played(try registers(8), device)
        #expect(played.lines == ["holding 0+8"])
        #expect(played.bad.count == 8)
    }
}
