package import KoppelCore

/// What the hosts were told of one machine in the present session, and what follows from it for what is told next.
///
/// One rule decides between now and the past: a reading is historical if something at least as new was told of its
/// signal. So each reading goes out once in the order of the journal, and what a host shows is the newest. Bounded by
/// the machine: one entry a signal and alarm.
package struct DeviceAccount: Sendable {
    private struct Told: Sendable {
        var epoch: UInt32
        var seq: UInt64
        var condition: Condition

        func isOlder(than epoch: UInt32, _ seq: UInt64) -> Bool { (self.epoch, self.seq) < (epoch, seq) }
    }

    private var readings: [Told?] = []
    private var state: Told?
    private var alarms: [Identifier: Told] = [:]
    /// True after its death, until it is born again.
    package private(set) var isDead = false

    package init() {}

    // MARK: Births and deaths

    /// It is born with what is known of it; what was told before does not count any more.
    ///
    /// - Returns: The data of the birth.
    package mutating func birth(_ known: [LiveLane.Item]) -> [DeviceDatum] {
        self = DeviceAccount()
        return known.map { item in
            switch item.content {
            case .reading(let reading, _):
                tell(reading, Told(epoch: item.epoch, seq: reading.seq, condition: reading.condition))
                return DeviceDatum(.reading(reading), saysGood: true)
            case .state(let state):
                self.state = state.map { Told(epoch: item.epoch, seq: $0.seq, condition: $0.condition) }
                return DeviceDatum(.state(state), saysGood: true)
            case .alarm(let alarm):
                alarms[alarm.code] = Told(epoch: item.epoch, seq: alarm.seq, condition: .good)
                return DeviceDatum(.alarm(alarm))
            }
        }
    }

    /// Its death was told.
    package mutating func died() { isDead = true }

    /// True if no signal has a value and at least one of them for want of an answer.
    package var isLost: Bool {
        var isSilent = false
        for case let told? in readings {
            guard told.condition.quality == .bad, told.condition.isSilence || told.condition.isForGood else {
                return false
            }
            isSilent = isSilent || told.condition.isSilence
        }
        return isSilent
    }

    // MARK: Data

    /// What a record tells. `isBacklog` is true for what was stored before the session was born: of a signal nothing was
    /// told of yet, it is then not how things stand.
    package mutating func data(of stored: StoredRecord, isBacklog: Bool) -> [DeviceDatum] {
        let record = stored.record
        var data = record.gaps.map { DeviceDatum(.gap($0), isHistorical: true) }
        for reading in record.readings where !(isDead && reading.condition.isSilence) {
            data.append(datum(reading, stored.epoch, isBacklog: isBacklog))
        }
        for occurrence in record.occurrences {
            switch occurrence {
            case .state(let state): data.append(datum(state, stored.epoch, isBacklog: isBacklog))
            case .alarm(let alarm): data.append(datum(alarm, stored.epoch, isBacklog: isBacklog))
            case .counter, .window, .numbered: continue
            }
        }
        return data
    }

    /// What a record tells of a dead machine beyond its being dead.
    package func isWorthABirth(_ record: SweepRecord) -> Bool {
        !record.gaps.isEmpty || record.readings.contains { !$0.condition.isSilence }
            || record.occurrences.contains { $0.isOfADevice }
    }

    private mutating func datum(_ reading: Reading, _ epoch: UInt32, isBacklog: Bool) -> DeviceDatum {
        let before = told(of: reading.signal)
        let isNewer = before?.isOlder(than: epoch, reading.seq) ?? !isBacklog
        guard isNewer, !isMomentary(reading.condition, after: before) else {
            return DeviceDatum(.reading(reading), isHistorical: true)
        }
        tell(reading, Told(epoch: epoch, seq: reading.seq, condition: reading.condition))
        return DeviceDatum(.reading(reading), saysGood: before.map { $0.condition != .good } ?? false)
    }

    private mutating func datum(_ state: MachineState, _ epoch: UInt32, isBacklog: Bool) -> DeviceDatum {
        guard self.state?.isOlder(than: epoch, state.seq) ?? !isBacklog else {
            return DeviceDatum(.state(state), isHistorical: true)
        }
        defer { self.state = Told(epoch: epoch, seq: state.seq, condition: state.condition) }
        return DeviceDatum(.state(state), saysGood: self.state.map { $0.condition != .good } ?? false)
    }

    private mutating func datum(_ alarm: AlarmChange, _ epoch: UInt32, isBacklog: Bool) -> DeviceDatum {
        guard alarms[alarm.code]?.isOlder(than: epoch, alarm.seq) ?? !isBacklog else {
            return DeviceDatum(.alarm(alarm), isHistorical: true)
        }
        alarms[alarm.code] = Told(epoch: epoch, seq: alarm.seq, condition: .good)
        return DeviceDatum(.alarm(alarm))
    }

    /// The first failed poll of an outage is stored so that its moment is known, but until a signal is stale its last
    /// reading stands (data model 4.1).
    private func isMomentary(_ condition: Condition, after before: Told?) -> Bool {
        guard let before, condition.mayPassBy else { return false }
        return before.condition.quality != .bad
            && ![.staleCommunication, .acknowledge].contains(before.condition)
    }

    private func told(of signal: SignalNumber) -> Told? {
        let number = Int(signal.rawValue)
        return number < readings.count ? readings[number] : nil
    }

    private mutating func tell(_ reading: Reading, _ told: Told) {
        let number = Int(reading.signal.rawValue)
        if number >= readings.count {
            readings += [Told?](repeating: nil, count: number + 1 - readings.count)
        }
        readings[number] = told
    }
}

extension Occurrence {
    /// True for what a device has metrics for.
    fileprivate var isOfADevice: Bool {
        switch self {
        case .state, .alarm: true
        case .counter, .window, .numbered: false
        }
    }
}

extension Condition {
    /// Nobody answered.
    fileprivate var isSilence: Bool {
        switch self {
        case .timeout, .connectionRefused, .noCommunication, .gatewayPath, .gatewayTarget: true
        default: false
        }
    }

    /// What an answer of the machine does not change.
    fileprivate var isForGood: Bool {
        switch self {
        case .disabled, .configError, .illegalFunction, .illegalAddress, .illegalValue, .notSupported: true
        default: false
        }
    }

    /// A failed poll that says nothing yet of how things stand.
    fileprivate var mayPassBy: Bool {
        switch self {
        case .timeout, .connectionRefused, .frameError, .busy, .gatewayPath, .gatewayTarget: true
        default: false
        }
    }
}
