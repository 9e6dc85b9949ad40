import KoppelCore
import Testing

@testable import KoppelEngine

/// A machine with rules, polled by hand, and a memory of what it told, as the journal has it.
struct MeaningBench {
    var bench: PollingBench
    private(set) var memory = MachineMemory()
    private(set) var told: [Occurrence] = []
    /// Seq, time and value of each signal, as they were stored.
    private var memories: [SignalMemory]
    private let window: Duration

    init(
        _ points: [Point], state: StateRule.Basis? = nil, alarms: [AlarmRule] = [], window: Duration = .seconds(900),
        simulated: Bool = false
    ) throws {
        bench = try PollingBench(points, simulated: simulated)
        bench.settings.profile.stateRule = state.map { StateRule(basis: $0) }
        bench.settings.profile.alarms = alarms
        self.window = window
        memories = Array(
            repeating: SignalMemory(), count: PublishedSignals(points: points).entries.count)
        start(.first)
    }

    /// The agent starts, or starts again, with what the journal remembers.
    mutating func start(_ end: JournalHistory.LastEnd) {
        var register = PollingBench.register(bench.settings, memories: memories)
        register.machine = memory
        bench.base = bench.time
        bench.now = .zero
        bench.machine = PolledMachine(
            settings: bench.settings, register: register, cost: .tcp(), doubtsClock: true, window: window)
        take(bench.open(end))
    }

    @discardableResult
    mutating func poll(
        _ outcome: PollingBench.Outcome = .answers, after pause: Duration = .seconds(1), times: Int = 1
    ) -> [Occurrence] {
        let before = told.count
        for _ in 0..<times { take(bench.poll(outcome, after: pause)) }
        return Array(told[before...])
    }

    mutating func close() {
        bench.machine.close(now: bench.now, time: bench.time)
        take(bench.machine.takeRecord(clock: bench.reading))
    }

    mutating func take(_ swept: SweptRecord?) {
        guard let record = swept?.record else { return }
        memory.remember(record.occurrences, isCurrentEpoch: true)
        told += record.occurrences
        for reading in record.readings {
            let index = Int(reading.signal.rawValue)
            memories[index].seq = reading.seq
            memories[index].time = reading.time
            if let value = reading.value {
                memories[index].value = value
                memories[index].valueTime = reading.time
            }
        }
    }
}

extension [Occurrence] {
    /// `state 3 executing good` and its kind; windows that are open are left out.
    var lines: [String] {
        compactMap { occurrence in
            switch occurrence {
            case .state(let state):
                let from = state.change.map { " from \($0.from.state) after \($0.after.inSeconds)" } ?? ""
                return "state \(state.seq) \(state.what.state) \(state.condition)\(from)"
            case .alarm(let alarm): return "alarm \(alarm.seq) \(alarm.code) \(alarm.isActive ? "raised" : "gone")"
            case .counter(let event):
                return "counter \(event.seq) \(event.verdict.name) \(event.before.brief)-\(event.after.brief)"
                    + " credited \(event.credited?.brief ?? "none")"
            case .window(let window): return window.isClosed ? "window \(window.shares.count)" : nil
            case .numbered: return nil
            }
        }
    }

    var states: [MachineState] { compactMap { if case .state(let state) = $0 { state } else { nil } } }
    var windows: [MachineWindow] {
        compactMap { if case .window(let window) = $0, window.isClosed { window } else { nil } }
    }
    var alarms: [AlarmChange] { compactMap { if case .alarm(let alarm) = $0 { alarm } else { nil } } }
}
