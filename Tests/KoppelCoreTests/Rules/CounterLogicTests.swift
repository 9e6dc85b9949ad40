import KoppelCore
import KoppelTestKit
import Testing

struct CounterLogicTests {
    private func logic(
        _ wire: WireType = .uint16, scaling: Scaling = .none, modulus: UInt64? = 65_536, rate: Double = 20
    ) throws -> CounterLogic {
        let rule = CounterRule(modulus: modulus, reset: .powerCycle, maxRatePerSecond: rate, counts: .all)
        return try #require(CounterLogic(point(wire, scaling: scaling, kind: .counter, counter: rule)))
    }

    struct Vector: CustomTestStringConvertible {
        let name: String
        var modulus: UInt64? = 65_536
        let previous: UInt64?
        let new: UInt64
        var seconds = 1.0
        let credit: UInt64?
        let verdict: CounterLogic.Verdict
        var reading = Condition.good
        var total = Condition.good
        var testDescription: String { name }
    }

    // The highest rate is 20 a second, so 30 in a second is just plausible.
    @Test(arguments: [
        Vector(name: "rule 4: first", previous: nil, new: 500, credit: nil, verdict: .first, total: .waiting),
        Vector(name: "rule 1: counted", previous: 500, new: 530, credit: 30, verdict: .counted),
        Vector(name: "rule 1: nothing counted", previous: 500, new: 500, credit: 0, verdict: .counted),
        Vector(
            name: "rule 1: implausible", previous: 500, new: 531, credit: 31, verdict: .counted,
            reading: .implausibleRate, total: .implausibleRate),
        Vector(name: "rule 1: one count is no rate", previous: 5, new: 6, seconds: 0, credit: 1, verdict: .counted),
        Vector(name: "rule 2: rollover", previous: 65_530, new: 24, credit: 30, verdict: .rollover),
        Vector(name: "rule 2: from the last number to zero", previous: 65_535, new: 0, credit: 1, verdict: .rollover),
        Vector(
            name: "rule 3: too much for a rollover is a reset", previous: 65_530, new: 25, credit: 25, verdict: .reset,
            reading: .counterReset, total: .counterReset),
        Vector(
            name: "rule 3: no modulus, so a reset", modulus: nil, previous: 65_530, new: 24, credit: 24,
            verdict: .reset, reading: .counterReset, total: .counterReset),
        Vector(
            name: "rule 3: back to zero", previous: 40_000, new: 0, credit: 0, verdict: .reset,
            reading: .counterReset, total: .counterReset),
        Vector(
            name: "rule 5: an outage shorter than a rollover", previous: 100, new: 60_100, seconds: 3_000,
            credit: 60_000, verdict: .counted),
        Vector(
            name: "rule 5: a rollover in an outage", previous: 60_000, new: 50_000, seconds: 3_000, credit: 55_536,
            verdict: .rollover),
        Vector(
            name: "rule 5: more than one rollover was possible", previous: 100, new: 200, seconds: 3_277, credit: nil,
            verdict: .gap, total: .counterReset),
        Vector(
            name: "a clock set back makes no time", previous: 100, new: 150, seconds: -5, credit: 50,
            verdict: .counted, reading: .implausibleRate, total: .implausibleRate),
        Vector(
            name: "a modulus that is too small is not believed", modulus: 1_000, previous: 5_000, new: 10, credit: 10,
            verdict: .reset, reading: .counterReset, total: .counterReset),
    ])
    func `data model 3.7`(_ vector: Vector) throws {
        let logic = try logic(modulus: vector.modulus)
        let step = logic.step(
            previous: vector.previous.map { .uint($0) }, new: .uint(vector.new), elapsed: .seconds(vector.seconds))
        #expect(step.credit == vector.credit.map { .uint($0) })
        #expect(step.verdict == vector.verdict)
        #expect(step.reading == vector.reading)
        #expect(step.total == vector.total)
    }

    @Test func `D03: wraps at 2^32 and 2^64 lose nothing`() throws {
        let wide = try logic(.uint32, modulus: 1 << 32)
        #expect(
            wide.step(previous: .uint(4_294_967_290), new: .uint(4), elapsed: .seconds(1)).credit == .uint(10))
        let signed = try logic(.int16, modulus: 65_536)
        let step = signed.step(previous: .int(32_767), new: .int(-32_768), elapsed: .seconds(1))
        #expect(step.credit == .uint(1))
        #expect(step.verdict == .counted)
    }

    @Test func `D02: a total never falls, whatever the counter does`() throws {
        let logic = try logic(modulus: nil)
        var total: Value?
        var previous: Value?
        var last = 0.0
        var random = SeededGenerator(seed: 2)
        for _ in 0..<2_000 {
            let new = Value.uint(UInt64.random(in: 0...60_000, using: &random))
            let step = logic.step(previous: previous, new: new, elapsed: .seconds(1))
            let next = logic.total(total, after: step)
            let number = try #require(next.number)
            #expect(number >= last)
            (total, previous, last) = (next, new, number)
        }
    }

    @Test func `a scaled total does not drift`() throws {
        let logic = try logic(.uint32, scaling: Scaling(scale: 0.1, offset: 0), modulus: nil)
        var total: Value? = logic.total(nil, after: logic.step(previous: nil, new: .double(0), elapsed: .zero))
        for count in 1...10_000 {
            let step = logic.step(
                previous: .double(Double(count - 1) / 10), new: .double(Double(count) / 10), elapsed: .seconds(1))
            #expect(step.credit == .double(0.1))
            total = logic.total(total, after: step)
        }
        #expect(total == .double(1_000))
    }

    @Test func `the modulus counts raw numbers, also where the value is scaled`() throws {
        let logic = try logic(.uint16, scaling: Scaling(scale: 0.1, offset: 0), modulus: 65_536, rate: 1)
        let step = logic.step(previous: .double(6_553.5), new: .double(0.4), elapsed: .seconds(1))
        #expect(step.verdict == .rollover)
        #expect(step.credit == .double(0.5))
    }

    @Test func `a float register counts in Double`() throws {
        let logic = try logic(.float32, modulus: nil, rate: 0.05)
        let step = logic.step(previous: .float(65_536), new: .float(65_536.0078125), elapsed: .seconds(10))
        #expect(step.credit == .double(0.0078125))
        #expect(logic.total(.double(1), after: step) == .double(1.0078125))
        #expect(logic.step(previous: .float(5), new: .float(1), elapsed: .seconds(1)).credit == .double(1))
    }

    @Test func `a gap leaves the total as it is`() throws {
        let logic = try logic()
        let step = logic.step(previous: .uint(1), new: .uint(2), elapsed: .seconds(86_400))
        #expect(logic.total(.uint(77), after: step) == .uint(77))
    }

    @Test func `a total stops at the end of its type instead of starting again`() throws {
        let logic = try logic()
        let step = logic.step(previous: .uint(1), new: .uint(3), elapsed: .seconds(1))
        #expect(logic.total(.uint(.max), after: step) == .uint(.max))
    }

    @Test func `a point without a counter rule has no counter logic`() throws {
        let none = CounterLogic(try point(.uint16))
        #expect(none == nil)
    }
}
