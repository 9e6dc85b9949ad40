import KoppelCore

/// Occurrences of every kind, with and without the fields that may be missing.
enum Happened {
    static let everything: [Occurrence] = [
        state(1, change: nil), state(2, change: MachineState.Change(from: waiting, after: .milliseconds(94_250))),
        .alarm(alarm(1, isActive: true)), .alarm(alarm(2, isActive: false)), .counter(counter), .window(window(true)),
        .window(window(false)), .numbered(77),
    ]

    private static let waiting = StateRule.MappedState(
        state: "notExecuting", mode: "processing", cause: "starved", sub: "Suspended \u{E9}")

    static func state(_ seq: UInt64, change: MachineState.Change?) -> Occurrence {
        .state(
            MachineState(
                seq: seq, what: change == nil ? StateRule.MappedState(state: "executing") : waiting,
                number: change == nil ? nil : -6, basis: .register,
                sources: [MachineState.Source(signal: signal("status/mode"), value: .int(-6))], since: Sample.time(3),
                condition: .derived, time: Sample.time(4), change: change))
    }

    static func alarm(_ seq: UInt64, isActive: Bool) -> AlarmChange {
        AlarmChange(
            seq: seq, code: Sample.id("door"), nativeCode: isActive ? "E217" : nil,
            text: isActive ? ["nl": "Deur", "en": "Door"] : [:], level: .fault, severity: 1_000, isActive: isActive,
            signal: isActive ? signal("safety/door") : nil, value: isActive ? .bool(true) : nil, since: Sample.time(5),
            time: Sample.time(isActive ? 5 : 9))
    }

    private static let counter = CounterEvent(
        seq: 3, signal: signal("production/parts"), before: .uint(65_534), after: .uint(3), verdict: .rollover,
        credited: .double(5), time: Sample.time(6))

    static func window(_ isClosed: Bool) -> MachineWindow {
        MachineWindow(
            start: Sample.time(0), end: Sample.time(900), isClosed: isClosed,
            shares: [
                MachineWindow.Share(what: waiting, nanoseconds: 1_800_000_000),
                MachineWindow.Share(what: .unknown(cause: "communication"), nanoseconds: 898_200_000_000),
            ],
            counts: [MachineWindow.Amount(name: "all", unit: "{#}", delta: 121, condition: .good, total: 4_711)],
            energy: [MachineWindow.Amount(name: "active-import", unit: "kW.h", delta: nil, condition: .waiting)],
            covered: 1_800_000_000)
    }

    private static func signal(_ text: String) -> SignalName {
        guard let name = SignalName(text) else { preconditionFailure("\(text) is no signal name") }
        return name
    }
}
