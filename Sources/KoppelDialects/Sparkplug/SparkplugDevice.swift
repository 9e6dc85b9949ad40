internal import KoppelCore

/// One machine as a device: its metrics with everything that does not change from message to message.
struct SparkplugDevice: Sendable {
    /// One metric: what its birth says of it, and what data needs.
    struct Metric: Sendable {
        let name: String
        let alias: UInt64
        let type: SparkplugType
        /// Unit, range and revision, told with the birth.
        var properties = SparkplugPayload.PropertySet()
    }

    /// What stands for an occurrence, by the metric's place.
    struct StateMetrics: Sendable {
        let current: Metric
        let mode: Metric
        let sub: Metric
    }

    let id: Identifier
    let signals: [Metric]
    let state: StateMetrics?
    let alarms: [(code: Identifier, metric: Metric)]
    /// The first alias that the next device may use.
    let nextAlias: UInt64
    /// Signal number to index in ``signals``, or -1 for a signal that was retired.
    private let indices: [Int32]

    /// Aliases begin at `firstAlias`: one for each signal number, then state and alarms. So the first device's aliases
    /// are those of the descriptor, the signal's number and one, since 0 reads as "no alias" in some hosts.
    init(_ machine: MachineDescription, firstAlias: UInt64) {
        id = machine.id
        let numbers = machine.signals.map { Int($0.number.rawValue) }
        let count = (numbers.max() ?? -1) + 1
        signals = machine.signals.map { signal in
            Metric(
                name: signal.name.description, alias: firstAlias + UInt64(signal.number.rawValue),
                type: SparkplugType(signal.dataType), properties: Self.properties(of: signal, rev: machine.rev))
        }
        var alias = firstAlias + UInt64(count)
        func next(_ name: String, _ type: SparkplugType) -> Metric {
            defer { alias += 1 }
            return Metric(name: name, alias: alias, type: type)
        }
        state =
            machine.hasState
            ? StateMetrics(
                current: next("State/Current", .string), mode: next("State/Mode", .string),
                sub: next("State/Sub", .string))
            : nil
        alarms = machine.alarms.map { ($0, next("Alarm/\($0)", .boolean)) }
        nextAlias = alias
        var indices = [Int32](repeating: -1, count: count)
        for (index, number) in numbers.enumerated() { indices[number] = Int32(index) }
        self.indices = indices
    }

    /// `nil` if the machine has no such signal any more.
    func metric(of signal: SignalNumber) -> Metric? {
        let number = Int(signal.rawValue)
        guard number < indices.count, indices[number] >= 0 else { return nil }
        return signals[Int(indices[number])]
    }

    func metric(of alarm: Identifier) -> Metric? { alarms.first { $0.code == alarm }?.metric }

    private static func properties(of signal: SignalDescription, rev: UInt32) -> SparkplugPayload.PropertySet {
        var properties = SparkplugPayload.PropertySet()
        if let unit = signal.unit {
            properties.add("engUnit", text: unit.ucum)
            properties.add("koppel/ucum", text: unit.ucum)
            if let code = unit.unece { properties.add("koppel/unece", text: code) }
        }
        if let range = signal.range {
            properties.add("koppel/low", .double, .doubleValue(range.low))
            properties.add("koppel/high", .double, .doubleValue(range.high))
        }
        properties.add("koppel/rev", .uint32, .intValue(rev))
        return properties
    }
}
