import KoppelCore
import Testing

struct ReportFilterTests {
    @Test func `the first reading is stored, an equal one is not`() {
        var filter = ReportFilter(SamplingRule())
        #expect(filter.admits(good(.uint(1)), at: .seconds(0)) == true)
        #expect(filter.admits(good(.uint(1)), at: .seconds(1)) == false)
        #expect(filter.admits(good(.uint(2)), at: .seconds(2)) == true)
    }

    @Test func `a slow drift is measured against the last stored value`() {
        var filter = ReportFilter(SamplingRule(deadband: 0.5))
        let values = [20.0, 20.2, 20.4, 20.5, 20.6, 20.9]
        let stored = values.enumerated().filter { filter.admits(good(.double($1)), at: .seconds($0)) }.map(\.element)
        #expect(stored == [20, 20.6])
    }

    @Test func `the heartbeat counts from the last stored reading`() {
        var filter = ReportFilter(SamplingRule(heartbeat: .seconds(60)))
        #expect(filter.admits(good(.bool(true)), at: .seconds(0)) == true)
        #expect(filter.admits(good(.bool(false)), at: .seconds(30)) == true)
        #expect(filter.admits(good(.bool(false)), at: .seconds(89)) == false)
        #expect(filter.admits(good(.bool(false)), at: .seconds(90)) == true)
        #expect(filter.admits(good(.bool(false)), at: .seconds(91)) == false)
    }

    @Test func `a change of quality or reason is stored, also with the same value`() {
        var filter = ReportFilter(SamplingRule(deadband: 100))
        #expect(filter.admits(good(.double(1)), at: .seconds(0)) == true)
        #expect(filter.admits(Decoded(value: .double(1), condition: .outOfRange), at: .seconds(1)) == true)
        #expect(filter.admits(.bad(.sensorFault), at: .seconds(2)) == true)
        #expect(filter.admits(.bad(.sensorFault), at: .seconds(3)) == false)
        #expect(filter.admits(.bad(.notSupported), at: .seconds(4)) == true)
        #expect(filter.admits(good(.double(1)), at: .seconds(5)) == true)
    }

    @Test func `every reading means every reading`() {
        var filter = ReportFilter(SamplingRule(deadband: 5, everyReading: true))
        let admitted = (0..<5).map { filter.admits(good(.uint(7)), at: .seconds($0)) }
        #expect(admitted == [true, true, true, true, true])
    }

    @Test func `P44: a good value after a bad sample stored elsewhere is news`() {
        var filter = ReportFilter(SamplingRule())
        #expect(filter.admits(good(.uint(7)), at: .seconds(0)) == true)
        filter.noteStored(.bad(.timeout), at: .seconds(1))
        #expect(filter.admits(good(.uint(7)), at: .seconds(2)) == true)
    }

    @Test func `neighbours beyond 2^53 are told apart`() {
        var filter = ReportFilter(SamplingRule())
        #expect(filter.admits(good(.uint(1 << 60)), at: .seconds(0)) == true)
        #expect(filter.admits(good(.uint((1 << 60) + 1)), at: .seconds(1)) == true)
    }
}
