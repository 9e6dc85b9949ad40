package import KoppelCore

/// All that a sharing policy lets one recipient see of what the journal holds. Pure: what is not named is not there.
package struct SharedView: Sendable {
    package let policy: SharingPolicy
    private let machines: [MachineNumber: SharedMachine]
    private let digits: SignificantDigits?

    package init(policy: SharingPolicy, machines: [SharedMachine]) {
        self.policy = policy
        self.machines = Dictionary(
            machines.map { ($0.description.number, $0) }, uniquingKeysWith: { first, _ in first })
        digits = policy.enforcement.significantDigits.map(SignificantDigits.init)
    }

    package func machine(_ number: MachineNumber) -> SharedMachine? { machines[number] }

    /// In the order of their numbers.
    package var all: [SharedMachine] { machines.values.sorted { $0.description.number < $1.description.number } }

    package func allows(_ topicClass: SharingPolicy.TopicClass) -> Bool {
        policy.enforcement.classes.contains(topicClass)
    }

    package func isValid(at moment: Timestamp) -> Bool {
        moment >= policy.enforcement.validFrom && moment < policy.enforcement.validUntil
    }

    /// Rounded, unless it is to become a figure first.
    package func rounded(_ value: Value) -> Value { digits?.rounded(value) ?? value }

    package func rounded(_ value: Double) -> Double { digits?.rounded(value) ?? value }

    // MARK: History

    /// What of a stretch leaves. Gaps of a record whose readings are not shared go with a neighbour of the same
    /// machine.
    package func visible(_ stretch: [StoredRecord]) -> [StoredRecord] {
        var result: [StoredRecord] = []
        var orphans: [MachineNumber: [Gap]] = [:]
        var newest: [MachineNumber: Int] = [:]
        for stored in stretch {
            guard var record = visible(stored.record) else { continue }
            if record.readings.isEmpty {
                orphans[record.machine, default: []] += record.gaps
                record.gaps = []
                guard !record.occurrences.isEmpty else { continue }
            } else {
                record.gaps = (orphans.removeValue(forKey: record.machine) ?? []) + record.gaps
                newest[record.machine] = result.count
            }
            result.append(StoredRecord(position: stored.position, epoch: stored.epoch, record: record))
        }
        for (machine, gaps) in orphans {
            if let index = newest[machine] { result[index].record.gaps += gaps }
        }
        return result
    }

    /// What of one record is shared, under the revision the recipient knows; `nil` if nothing is.
    package func visible(_ record: SweepRecord) -> SweepRecord? {
        guard let machine = machines[record.machine] else { return nil }
        var result = record
        result.rev = machine.description.rev
        result.readings = record.readings.compactMap { visible($0, of: machine) }
        result.gaps = record.gaps.filter { machine.shares($0.signal) && isValid(at: $0.to) }
        result.occurrences = record.occurrences.compactMap { visible($0, of: machine) }
        return result.readings.isEmpty && result.gaps.isEmpty && result.occurrences.isEmpty ? nil : result
    }

    package func visible(_ reading: Reading, of machine: SharedMachine) -> Reading? {
        guard machine.shares(reading.signal), isValid(at: reading.time) else { return nil }
        guard digits != nil, policy.enforcement.resolution == nil, let value = reading.value else { return reading }
        var result = reading
        result.value = rounded(value)
        return result
    }

    // MARK: What happened

    package func visible(_ occurrence: Occurrence, of machine: SharedMachine) -> Occurrence? {
        guard let time = occurrence.time, isValid(at: time) else { return nil }
        switch occurrence {
        case .state(let state): return .state(visible(state, of: machine))
        case .alarm(let alarm): return visible(alarm, of: machine).map { .alarm($0) }
        case .counter(let event): return visible(event, of: machine).map { .counter($0) }
        case .window(var window):
            window.counts = window.counts.compactMap { visible($0, of: machine) }
            window.energy = window.energy.compactMap { visible($0, of: machine) }
            return isValid(at: window.start) ? .window(window) : nil
        case .numbered: return nil
        }
    }

    /// A state leaves whole; the values it was made of only where the signals are shared as they are.
    package func visible(_ state: MachineState, of machine: SharedMachine) -> MachineState {
        var result = state
        result.sources =
            policy.enforcement.resolution == nil
            ? state.sources.filter { machine.shares($0.signal) }
                .map { MachineState.Source(signal: $0.signal, value: rounded($0.value)) }
            : []
        return result
    }

    /// An alarm belongs to a signal; the agent's own word that a machine is silent belongs to the machine.
    package func visible(_ alarm: AlarmChange, of machine: SharedMachine) -> AlarmChange? {
        if let signal = alarm.signal {
            guard machine.shares(signal) else { return nil }
        } else if alarm.code.description != "kpl-stale" {
            return nil
        }
        var result = alarm
        result.value = policy.enforcement.resolution == nil ? alarm.value.map(rounded) : nil
        return result
    }

    /// What a counter said before and after is a single reading.
    private func visible(_ event: CounterEvent, of machine: SharedMachine) -> CounterEvent? {
        guard machine.shares(event.signal), policy.enforcement.resolution == nil else { return nil }
        var result = event
        result.before = rounded(event.before)
        result.after = rounded(event.after)
        result.credited = event.credited.map(rounded)
        return result
    }

    private func visible(_ amount: MachineWindow.Amount, of machine: SharedMachine) -> MachineWindow.Amount? {
        guard machine.sharesAmount(amount.name) else { return nil }
        var result = amount
        result.delta = amount.delta.map(rounded)
        return result
    }
}
