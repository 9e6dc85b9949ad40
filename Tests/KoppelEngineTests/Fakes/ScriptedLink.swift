import KoppelCore
import KoppelTestKit
import Synchronization

/// A bus whose answers a test decides, and on which time passes as the test says.
final class ScriptedLink: ModbusLink {
    enum Answer {
        /// Each register holds its own address.
        case words
        /// These, from the first register asked for.
        case holding([UInt16])
        case exception(UInt8)
        case fails(BusError.Kind)
        /// Nothing comes within the timeout, which goes by.
        case lost
        /// Nothing comes until the task is cancelled, as a real bus does it.
        case silence
    }

    struct Script: Sendable {
        /// Called for each attempt to open; `nil` opens.
        var open: @Sendable (Duration) -> BusError.Kind? = { _ in nil }
        /// What a request gives at this moment, and how long that takes.
        var answer: @Sendable (ReadRequest, Duration) -> (Answer, Duration) = { _, _ in (.words, .milliseconds(10)) }
        /// The connection that is there at this moment; a new one is made without a word.
        var connection: @Sendable (Duration) -> Int = { _ in 0 }
        /// What was heard on the bus by this moment.
        var heard: @Sendable (Duration) -> LinkCounters = { _ in LinkCounters() }
    }

    private struct State {
        var script: Script
        var opened: [Duration] = []
        var asked: [(request: ReadRequest, at: Duration, timeout: Duration)] = []
        var closed = 0
        var rests: [Duration] = []
        var end: Duration?
        var hasEnded = false
    }

    private let clock: ManualClock
    private let wallClock: WallClock
    private let state: Mutex<State>

    init(clock: ManualClock, wallClock: WallClock, script: Script) {
        self.clock = clock
        self.wallClock = wallClock
        state = Mutex(State(script: script))
    }

    var executor: any TaskExecutor { globalConcurrentExecutor }

    /// From this moment on nothing is asked any more: who asks waits until the task is cancelled.
    func end(at end: Duration) { state.withLock { $0.end = end } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    var openings: [Duration] { state.withLock { $0.opened } }
    var closings: Int { state.withLock { $0.closed } }
    /// How long it was told that nothing would be asked, each time.
    var rests: [Duration] { state.withLock { $0.rests } }

    /// When each request to a unit was sent; all of them without a unit.
    func times(_ unit: UInt8? = nil) -> [Duration] {
        state.withLock { $0.asked.filter { unit == nil || $0.request.unit == UnitID(unit ?? 0) }.map(\.at) }
    }

    /// The first register or bit of each request.
    var starts: [UInt16] { state.withLock { $0.asked.map(\.request.start) } }

    /// How long each request was ready to wait.
    var timeouts: [Duration] { state.withLock { $0.asked.map(\.timeout) } }

    func open() async throws(BusError) {
        let now = clock.now.offset
        let failure = state.withLock { state in
            state.opened.append(now)
            return state.script.open(now)
        }
        if let failure { throw BusError(kind: failure, bus: "hall", request: nil, elapsed: .zero) }
    }

    func transact(_ request: ReadRequest, timeout: Duration, pause: Duration) async throws(BusError) -> ReadAnswer {
        let sent = clock.now.offset
        let (answer, takes): (Answer, Duration) = state.withLock { state in
            if let end = state.end, sent >= end {
                state.hasEnded = true
                return (.silence, .zero)
            }
            state.asked.append((request, sent, timeout))
            return state.script.answer(request, sent)
        }
        let connection = state.withLock { $0.script.connection(sent) }
        if case .lost = answer { clock.advance(by: timeout) } else { clock.advance(by: takes) }
        switch answer {
        case .lost: throw BusError(kind: .timeout, bus: "hall", request: request, elapsed: timeout)
        case .words:
            return ReadAnswer(
                outcome: .words((0..<request.count).map { request.start + $0 }), time: wallClock.now, elapsed: takes,
                connection: connection)
        case .holding(let words):
            return ReadAnswer(
                outcome: .words(words), time: wallClock.now, elapsed: takes, connection: connection)
        case .exception(let code):
            return ReadAnswer(
                outcome: .exception(ModbusException(code: code)), time: wallClock.now, elapsed: takes,
                connection: connection)
        case .fails(let kind): throw BusError(kind: kind, bus: "hall", request: request, elapsed: takes)
        case .silence:
            // Nothing but the end of the task ends it.
            try? await ContinuousClock().sleep(for: .seconds(3_600))
            throw BusError(kind: .linkDown(errno: 125), bus: "hall", request: request, elapsed: takes)
        }
    }

    func rest(for duration: Duration) async { state.withLock { $0.rests.append(duration) } }

    func counters() async -> LinkCounters {
        let now = clock.now.offset
        return state.withLock { $0.script.heard(now) }
    }

    func close() async { state.withLock { $0.closed += 1 } }
}
