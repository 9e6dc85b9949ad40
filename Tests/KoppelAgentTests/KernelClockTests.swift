import Glibc
import KoppelCore
import Synchronization
import Testing

@testable import KoppelAgent

struct KernelClockTests {
    /// A machine whose clocks and kernel the test decides about.
    private final class Machine: Sendable {
        struct State {
            var sinceBoot = Duration.seconds(100)
            var offset = Duration.seconds(1_770_000_000)
            var uncertainty = Duration.nanoseconds(80)
            var isSynchronised = true
            var questions = 0
        }

        let state = Mutex(State())

        var judge: KernelClockJudge {
            KernelClockJudge(
                look: { [self] in
                    state.withLock {
                        KernelClockJudge.Look(
                            sinceBoot: $0.sinceBoot, offset: $0.offset, uncertainty: $0.uncertainty)
                    }
                },
                kernel: { [self] in
                    state.withLock {
                        $0.questions += 1
                        return KernelClock(isSynchronised: $0.isSynchronised, maximumErrorMilliseconds: 2)
                    }
                })
        }

        func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    }

    @Test func `the kernel is asked once a second, and at once when the clock was set`() {
        let machine = Machine()
        let judge = machine.judge
        for _ in 0..<1_000 { _ = judge.reading }
        #expect(machine.state.withLock { $0.questions } == 1)
        machine.change { $0.sinceBoot += .seconds(1) }
        #expect(judge.reading.state == .synchronised)
        #expect(machine.state.withLock { $0.questions } == 2)
        machine.change {
            $0.offset -= .seconds(3_600)
            $0.isSynchronised = false
        }
        #expect(
            judge.reading
                == ClockReading(
                    state: .unsynchronised, offset: .seconds(1_769_996_400), step: .seconds(-3_600)))
        #expect(machine.state.withLock { $0.questions } == 3)
    }

    @Test func `what two clocks read apart differ by is no step`() {
        let machine = Machine()
        let judge = machine.judge
        let offset = judge.reading.offset
        for noise in [Duration.microseconds(900), .microseconds(-900)] {
            machine.change { $0.offset = offset + noise }
            #expect(judge.reading.offset == offset)
        }
        machine.change {
            $0.offset = offset + .milliseconds(30)
            $0.uncertainty = .milliseconds(40)
        }
        #expect(judge.reading.offset == offset, "the thread was held up between the two")
        machine.change { $0.uncertainty = .microseconds(1) }
        #expect(judge.reading.step == .milliseconds(30))
    }

    @Test func `P53b: the agent's own time goes on with the clock since boot, and the wall is what the clock shows`() {
        let clock = WallClock.system()
        let before = (clock.now, KernelClockJudge.read(CLOCK_BOOTTIME))
        while KernelClockJudge.read(CLOCK_BOOTTIME) - before.1 < .milliseconds(2) {}
        let after = clock.now
        #expect(after > before.0)
        let wall = KernelClockJudge.read(CLOCK_REALTIME)
        let difference = Duration.nanoseconds(clock.wall.nanoseconds) - wall
        #expect(difference > .milliseconds(-500) && difference < .seconds(5))
    }
}
