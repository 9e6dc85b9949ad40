import KoppelCore
import Testing

struct PlausibilityGuardTests {
    /// What becomes of values read one a second.
    private static func story(_ values: [Double], _ rule: SamplingRule) -> [Condition] {
        var doubt = PlausibilityGuard(rule)
        return values.enumerated().map { second, value in
            doubt?.condition(of: good(.double(value)), now: .seconds(second)) ?? .good
        }
    }

    @Test func `without a rule there is no guard`() {
        #expect(PlausibilityGuard(SamplingRule()) == nil)
    }

    @Test func `D05: a value that stands still although it is read is frozen after the profile's time, until it moves`()
    {
        #expect(
            Self.story([1, 2, 2, 2, 2, 2, 3, 3], SamplingRule(frozenAfter: .seconds(3)))
                == [.good, .good, .good, .good, .frozen, .frozen, .good, .good])
    }

    @Test func `P47: a value that jumps is doubted and kept, and the way back is not`() {
        #expect(
            Self.story([10, 11, 65_535, 12, 13], SamplingRule(maxChangePerSecond: 5))
                == [.good, .good, .implausibleRate, .good, .good])
    }

    @Test func `P47: a machine that really went elsewhere is believed at the third reading`() {
        #expect(
            Self.story([10, 500, 501, 502, 503], SamplingRule(maxChangePerSecond: 5))
                == [.good, .implausibleRate, .implausibleRate, .good, .good])
        #expect(
            Self.story([10, 500, 900, 100, 11], SamplingRule(maxChangePerSecond: 5))
                == [.good, .implausibleRate, .implausibleRate, .implausibleRate, .good])
    }

    @Test func `P47: a change is measured over the time since the last believed reading`() {
        var doubt = PlausibilityGuard(SamplingRule(maxChangePerSecond: 1))
        #expect(doubt?.condition(of: good(.double(0)), now: .zero) == .good)
        #expect(doubt?.condition(of: good(.double(50)), now: .seconds(60)) == .good)
        #expect(doubt?.condition(of: good(.double(100)), now: .seconds(70)) == .implausibleRate)
    }

    @Test func `what is bad or doubted already keeps its own reason`() {
        var doubt = PlausibilityGuard(SamplingRule(frozenAfter: .seconds(1), maxChangePerSecond: 1))
        #expect(doubt?.condition(of: good(.double(0)), now: .zero) == .good)
        #expect(doubt?.condition(of: .bad(.sensorFault), now: .seconds(1)) == .sensorFault)
        #expect(doubt?.condition(of: good(.double(0)), now: .seconds(2)) == .good, "it did not stand still in between")
        let far = Decoded(value: .double(90), condition: .outOfRange)
        #expect(doubt?.condition(of: far, now: .seconds(3)) == .outOfRange)
        #expect(doubt?.condition(of: Decoded(value: .text("a"), condition: .good), now: .seconds(4)) == .good)
    }
}
