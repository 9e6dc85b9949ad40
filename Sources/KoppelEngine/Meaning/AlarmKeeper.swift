internal import KoppelCore

/// The alarms of one machine: those of its profile, and the agent's own.
struct AlarmKeeper: Sendable {
    /// The alarms of each watched point.
    private var logics: [[AlarmLogic]]
    /// When each active alarm was raised.
    private var since: [Identifier: Timestamp] = [:]
    /// Signals that lie outside their limits, and signals that are silent. At most all signals of the machine.
    private var outOfLimits: Set<SignalNumber> = []
    private var silent: Set<SignalNumber> = []
    /// Alarms that are active and of which the profile knows nothing any more.
    private var orphans: [AlarmChange]

    init(rules: [AlarmRule], watched: [WatchedPoint], points: [Point], memory: MachineMemory) {
        let active = memory.alarms.values.filter(\.isActive)
        for alarm in active { since[alarm.code] = alarm.since }
        let isActive = Set(active.map(\.code))
        logics = watched.map { watched in
            rules.filter { $0.signal == watched.signal }.map {
                AlarmLogic(
                    $0, hysteresis: points[watched.point].sampling.deadband, isActive: isActive.contains($0.code))
            }
        }
        let known = Set(logics.joined().map(\.rule.code))
        orphans = active.filter { !known.contains($0.code) }.sorted { $0.code < $1.code }
    }

    /// Alarms that were active when the agent stopped and have no rule any more: they have gone. The agent's own are
    /// raised again where they still hold.
    mutating func takeOrphans(time: Timestamp, seq: inout UInt64) -> [AlarmChange] {
        defer { orphans = [] }
        return orphans.map { orphan in
            seq += 1
            since[orphan.code] = nil
            var gone = orphan
            gone.seq = seq
            gone.isActive = false
            gone.time = time
            return gone
        }
    }

    /// What a watched point shows now.
    mutating func take(_ shown: Decoded, of watched: Int, time: Timestamp, seq: inout UInt64) -> [AlarmChange] {
        var changes: [AlarmChange] = []
        for index in logics[watched].indices where logics[watched][index].take(shown) {
            let logic = logics[watched][index]
            changes.append(
                change(
                    logic.rule, isActive: logic.isActive, nativeCode: logic.nativeCode, signal: logic.rule.signal,
                    value: shown.value, time: time, seq: &seq))
        }
        return changes
    }

    /// Looks for what the agent itself has to warn of among the readings of a sweep.
    ///
    /// Nothing is done for readings that are good while nothing is wrong, which is nearly always.
    mutating func watch(
        _ readings: [Reading], name: (SignalNumber) -> SignalName?, seq: inout UInt64
    ) -> [AlarmChange] {
        let (hadLimit, hadSilence) = (!outOfLimits.isEmpty, !silent.isEmpty)
        var hasLooked = false
        for index in readings.indices {
            if case .good = readings[index].condition, outOfLimits.isEmpty, silent.isEmpty { continue }
            let reading = readings[index]
            hasLooked = true
            if reading.condition == .outOfLimits {
                outOfLimits.insert(reading.signal)
            } else {
                outOfLimits.remove(reading.signal)
            }
            switch reading.condition {
            case .staleCommunication, .noCommunication, .gatewayPath, .gatewayTarget: silent.insert(reading.signal)
            // A failed poll alone changes nothing (data model 4.1).
            case .timeout, .frameError, .connectionRefused, .busy: break
            default: silent.remove(reading.signal)
            }
        }
        guard hasLooked, let time = readings.last?.time else { return [] }
        var changes: [AlarmChange] = []
        for (rule, was, signals) in [
            (AlarmRule.outOfLimits, hadLimit, outOfLimits), (AlarmRule.stale, hadSilence, silent),
        ] where was != !signals.isEmpty {
            guard let rule else { continue }
            let signal = signals.min().flatMap(name)
            changes.append(
                change(
                    rule, isActive: !signals.isEmpty, nativeCode: nil, signal: signal, value: nil, time: time,
                    seq: &seq))
        }
        return changes
    }

    private mutating func change(
        _ rule: AlarmRule, isActive: Bool, nativeCode: String?, signal: SignalName?, value: Value?, time: Timestamp,
        seq: inout UInt64
    ) -> AlarmChange {
        seq += 1
        let begin = isActive ? time : since[rule.code] ?? time
        since[rule.code] = isActive ? time : nil
        return AlarmChange(
            seq: seq, code: rule.code, nativeCode: nativeCode, text: rule.text, level: rule.level,
            severity: rule.severity, isActive: isActive, signal: signal, value: value, since: begin, time: time)
    }
}
