import KoppelCore
import Testing

struct ClockJudgeTests {
    private static let held = KernelClock(isSynchronised: true, maximumErrorMilliseconds: 4)
    private static let free = KernelClock(isSynchronised: false, maximumErrorMilliseconds: 16_000)
    private static let hour = Duration.seconds(3_600)

    private var judge = ClockJudge()

    private mutating func state(
        _ kernel: KernelClock, setBy step: Duration = .zero, at seconds: Int
    ) -> ClockState {
        judge.judge(kernel, offset: .seconds(1_770_000_000) + step, sinceBoot: .seconds(seconds)).state
    }

    @Test mutating func `D09: a clock that never had a time source is not synchronised, however long it runs`() {
        for hour in 0..<48 { #expect(state(Self.free, at: hour * 3_600) == .unsynchronised) }
        #expect(state(Self.held, setBy: .seconds(1_700_000_000), at: 48 * 3_600) == .synchronised)
    }

    @Test mutating func `P53: without its source a clock is in holdover for a day, and then not to be trusted`() {
        #expect(state(Self.held, at: 100) == .synchronised)
        #expect(state(Self.free, at: 101) == .holdover)
        let day = Int(ClockJudge.holdoverLimit.components.seconds)
        #expect(state(Self.free, at: 100 + day) == .holdover)
        #expect(state(Self.free, at: 101 + day) == .unsynchronised)
        #expect(state(Self.held, at: 102 + day) == .synchronised)
        #expect(state(Self.free, at: 103 + day) == .holdover)
    }

    @Test mutating func `the error of a clock in holdover grows by half a millisecond a second`() {
        let offset = Duration.seconds(9)
        #expect(judge.judge(Self.held, offset: offset, sinceBoot: .seconds(0)).errorMilliseconds == 4)
        #expect(judge.judge(Self.free, offset: offset, sinceBoot: .seconds(600)).errorMilliseconds == 304)
        #expect(judge.judge(Self.free, offset: .zero, sinceBoot: .seconds(601)).errorMilliseconds == nil)
    }

    @Test(arguments: [Duration.seconds(-3_600), .seconds(10 * 366 * 86_400), .seconds(3)])
    mutating func `D06, D07: a clock that is set by hand is not in holdover`(_ step: Duration) {
        #expect(state(Self.held, at: 100) == .synchronised)
        // The kernel drops its trust when somebody sets the clock.
        #expect(state(Self.free, setBy: step, at: 101) == .unsynchronised)
        #expect(state(Self.free, setBy: step, at: 2_000) == .unsynchronised)
        #expect(state(Self.held, at: 2_001) == .synchronised, "the source has put it right")
    }

    @Test(arguments: [Duration.seconds(-3_600), .seconds(10 * 366 * 86_400)])
    mutating func `D06, D07: a trusted clock that jumps is doubted until it has stood a minute`(_ step: Duration) {
        #expect(state(Self.held, at: 100) == .synchronised)
        for second in 101...160 { #expect(state(Self.held, setBy: step, at: second) == .unsynchronised) }
        #expect(state(Self.held, setBy: step, at: 161) == .synchronised)
        #expect(state(Self.held, setBy: step, at: 162) == .synchronised)
    }

    @Test mutating func `a trusted clock that keeps jumping is never believed`() {
        #expect(state(Self.held, at: 0) == .synchronised)
        for minute in 1...60 {
            #expect(state(Self.held, setBy: .seconds(minute * 10), at: minute * 50) == .unsynchronised)
        }
    }

    @Test mutating func `a leap second is no jump`() {
        #expect(state(Self.held, at: 100) == .synchronised)
        #expect(state(Self.held, setBy: .seconds(-1), at: 101) == .synchronised)
    }

    @Test mutating func `row 33: a clock whose error is above the limit is not synchronised`() {
        let loose = KernelClock(isSynchronised: true, maximumErrorMilliseconds: ClockJudge.errorLimit + 1)
        #expect(state(loose, at: 100) == .unsynchronised)
        #expect(state(Self.held, at: 101) == .synchronised)
        #expect(state(loose, at: 102) == .holdover)
    }
}
