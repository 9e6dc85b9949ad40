import KoppelCore
import Testing

struct AmountLogicTests {
    private static func step(
        _ credit: Value?, _ verdict: CounterLogic.Verdict = .counted, total: Condition = .good
    ) -> CounterLogic.Step {
        CounterLogic.Step(credit: credit, verdict: verdict, reading: .good, total: total)
    }

    private static func parts() -> AmountLogic { AmountLogic(name: "all", unit: "{#}", patience: .seconds(3)) }

    @Test func `3_8: a window counts what its counter was given`() {
        var amount = Self.parts()
        amount.counted(Self.step(.uint(2)), total: 12, now: .seconds(1))
        amount.counted(Self.step(.uint(3), .rollover), total: 15, now: .seconds(2))
        #expect(amount.amount.delta == 5)
        #expect(amount.amount.condition == .good)
        #expect(amount.amount.total == 15)
        amount.begin()
        #expect(amount.amount.delta == nil)
        amount.counted(Self.step(.uint(1)), total: 16, now: .seconds(3))
        #expect(amount.amount.delta == 1)
    }

    @Test func `D03: a reset within a window makes its count uncertain`() {
        var amount = Self.parts()
        amount.counted(Self.step(.uint(2)), total: 12, now: .seconds(1))
        amount.counted(Self.step(.uint(3), .reset, total: .counterReset), total: 15, now: .seconds(2))
        #expect(amount.amount.delta == 5)
        #expect(amount.amount.condition == .counterReset)
    }

    @Test func `3_7: a counter that was silent for long makes the window say so`() {
        var amount = Self.parts()
        amount.counted(Self.step(.uint(2)), total: 12, now: .seconds(1))
        amount.counted(Self.step(.uint(40)), total: 52, now: .seconds(20))
        #expect(amount.amount.delta == 42)
        #expect(amount.amount.condition == .fewGoodSamples)
        var gap = Self.parts()
        gap.counted(Self.step(nil, .gap, total: .counterReset), total: 52, now: .seconds(1))
        #expect(gap.amount.delta == nil)
    }

    @Test func `3_7: an open window goes on after a restart from its counter's total`() {
        var amount = Self.parts()
        let before = MachineWindow.Amount(name: "all", unit: "{#}", delta: 10, condition: .good, total: 100)
        // Three more were stored before the crash; the first step after it counts from there.
        amount.resume(before, total: 103)
        amount.counted(Self.step(.uint(4)), total: 107, now: .seconds(1))
        #expect(amount.amount.delta == 17)
        #expect(amount.amount.condition == .good)
        // The window had counted two that were not stored: the first step brings them again.
        var ahead = Self.parts()
        ahead.resume(before, total: 98)
        ahead.counted(Self.step(.uint(2)), total: 100, now: .seconds(1))
        #expect(ahead.amount.delta == 10)
    }

    @Test func `3_7: of all, good and bad the third follows from two, and is marked`() {
        func amount(_ name: String, _ delta: Double?, _ condition: Condition = .good) -> MachineWindow.Amount {
            MachineWindow.Amount(name: name, unit: "{#}", delta: delta, condition: condition)
        }
        let bad = AmountLogic.completed([amount("all", 121), amount("good", 119)]).last
        #expect(bad == amount("bad", 2, .derived))
        #expect(AmountLogic.completed([amount("all", 121), amount("bad", 2)]).last == amount("good", 119, .derived))
        let all = AmountLogic.completed([amount("good", 1, .counterReset), amount("bad", 2)]).last
        #expect(all == amount("all", 3, .counterReset))
        #expect(AmountLogic.completed([amount("all", 1), amount("good", 2)]).last == amount("bad", nil, .waiting))
        #expect(AmountLogic.completed([amount("all", 1), amount("cycles", 2)]).count == 2)
    }

    @Test func `3_9: energy is the integral of power where no counter is read, and is marked as derived`() throws {
        var energy = AmountLogic(name: "active-import", unit: "kW.h", factor: 0.001, patience: .seconds(10))
        energy.integrated(1_000, now: .zero)
        energy.begin()
        for second in stride(from: 10, through: 3_600, by: 10) {
            energy.integrated(second.isMultiple(of: 20) ? 1_000 : 3_000, now: .seconds(second))
        }
        #expect(abs(try #require(energy.amount.delta) - 2) < 1e-9)
        #expect(energy.amount.condition == .derived)
        energy.integrated(nil, now: .seconds(3_610))
        energy.integrated(1_000, now: .seconds(3_620))
        #expect(energy.amount.condition == .fewGoodSamples)
    }
}
