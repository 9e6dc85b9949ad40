import KoppelCore
import Testing

struct TimestampTests {
    @Test func `time moves by whole nanoseconds`() {
        let start = Timestamp(nanoseconds: 1_000)
        #expect(start.advanced(by: .nanoseconds(5)) == Timestamp(nanoseconds: 1_005))
        #expect(start.advanced(by: .seconds(-1)) == Timestamp(nanoseconds: -999_999_000))
        #expect(start < start.advanced(by: .nanoseconds(1)))
    }

    @Test func `the ends of time hold instead of turning over`() {
        #expect(Timestamp(nanoseconds: .max).advanced(by: .nanoseconds(1)) == Timestamp(nanoseconds: .max))
        #expect(Timestamp(nanoseconds: .min).advanced(by: .nanoseconds(-1)) == Timestamp(nanoseconds: .min))
        #expect(Timestamp(nanoseconds: 0).advanced(by: .seconds(Int64.max)) == Timestamp(nanoseconds: .max))
        #expect(Timestamp(nanoseconds: 0).advanced(by: .seconds(Int64.min)) == Timestamp(nanoseconds: .min))
    }

    @Test func `a duration in other units`() {
        #expect(Duration.milliseconds(1_500).wholeNanoseconds == 1_500_000_000)
        #expect(Duration.milliseconds(1_500).inSeconds == 1.5)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }
}
