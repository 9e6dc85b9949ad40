package import KoppelCore

/// The newest reading of each signal, state of each machine and change of each alarm that a destination has not been
/// told of yet.
///
/// It conflates: what is newer takes the place of what is older, so it holds at most one entry a topic however long the destination is away. History is the journal's business.
package actor LiveLane {
    package struct Item: Sendable {
        package var machine: MachineNumber
        package var rev: UInt32
        package var epoch: UInt32
        package var content: Content

        package init(machine: MachineNumber, rev: UInt32, epoch: UInt32, content: Content) {
            self.machine = machine
            self.rev = rev
            self.epoch = epoch
            self.content = content
        }
    }

    package enum Content: Sendable {
        case reading(Reading, last: LastValue?)
        /// `nil` if the machine has a state no more.
        case state(MachineState?)
        case alarm(AlarmChange)
    }

    private struct Key: Hashable {
        enum Topic: Hashable {
            case signal(SignalNumber)
            case state
            case alarm(Identifier)
        }

        let machine: MachineNumber
        let topic: Topic
    }

    private let epoch: UInt32
    private let publish: Set<DestinationSettings.Publication>
    private var latest: [Key: Item] = [:]
    private var waiting: Set<Key> = []
    private var order: [Key] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// What the destination does not want published is not kept.
    package init(epoch: UInt32, publish: Set<DestinationSettings.Publication> = [.values, .state, .alarms]) {
        self.epoch = epoch
        self.publish = publish
    }

    /// Takes over what was stored.
    ///
    /// A momentary reading is not shown: until a signal is stale, its last reading stands (data model 4.1).
    package func offer(_ swept: [SweptRecord]) {
        for one in swept {
            let record = one.record
            offer(one.retained, record)
            offer(record.occurrences, record)
            guard publish.contains(.values) else { continue }
            var momentary = one.momentary[...]
            for (index, reading) in record.readings.enumerated() {
                guard momentary.first != index else {
                    momentary.removeFirst()
                    continue
                }
                let key = Key(machine: record.machine, topic: .signal(reading.signal))
                var last: LastValue?
                if let value = reading.value {
                    last = LastValue(value: value, time: reading.time)
                } else if case .reading(_, let known)? = latest[key]?.content {
                    last = known
                }
                put(.reading(reading, last: last), at: key, rev: record.rev)
            }
        }
        wake()
    }

    private func offer(_ retained: SweptRecord.Retained?, _ record: SweepRecord) {
        guard let retained else { return }
        if retained.clearsState, publish.contains(.state) {
            put(.state(nil), at: Key(machine: record.machine, topic: .state), rev: record.rev)
        }
        for alarm in retained.alarms { offer([.alarm(alarm)], record) }
    }

    private func offer(_ occurrences: [Occurrence], _ record: SweepRecord) {
        for occurrence in occurrences {
            switch occurrence {
            case .state(let state) where publish.contains(.state):
                put(.state(state), at: Key(machine: record.machine, topic: .state), rev: record.rev)
            case .alarm(let alarm) where publish.contains(.alarms):
                put(.alarm(alarm), at: Key(machine: record.machine, topic: .alarm(alarm.code)), rev: record.rev)
            case .state, .alarm, .counter, .window, .numbered: continue
            }
        }
    }

    private func put(_ content: Content, at key: Key, rev: UInt32) {
        latest[key] = Item(machine: key.machine, rev: rev, epoch: epoch, content: content)
        if waiting.insert(key).inserted { order.append(key) }
    }

    /// Takes over what another destination knows and this one was not told yet.
    package func learn(from other: LiveLane) async {
        for item in await other.everything where wants(item.content) {
            let key = Key(machine: item.machine, topic: topic(of: item.content))
            if latest[key] == nil { put(item.content, at: key, rev: item.rev) }
        }
        wake()
    }

    /// The newest of everything, told or not.
    var everything: [Item] { Array(latest.values) }

    private func wants(_ content: Content) -> Bool {
        switch content {
        case .reading: publish.contains(.values)
        case .state: publish.contains(.state)
        case .alarm: publish.contains(.alarms)
        }
    }

    private func topic(of content: Content) -> Key.Topic {
        switch content {
        case .reading(let reading, _): .signal(reading.signal)
        case .state: .state
        case .alarm(let alarm): .alarm(alarm.code)
        }
    }

    /// Puts every signal in the queue again: a broker that was away may have lost its retained messages.
    package func repeatAll() {
        for key in latest.keys where waiting.insert(key).inserted { order.append(key) }
        wake()
    }

    /// Up to `count` signals that changed, oldest change first, waiting for one; empty if the task was cancelled.
    ///
    /// Whoever waits is woken at each change and looks again, so that a sender whose connection has just broken cannot
    /// take the wake-up of the next one.
    package func take(_ count: Int) async -> [Item] {
        while order.isEmpty {
            if Task.isCancelled { return [] }  // asked again after each wait
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    if Task.isCancelled { return continuation.resume() }
                    waiters.append(continuation)
                }
            } onCancel: {
                Task { await self.wake() }  // the handler cannot wait for the actor, and the task ends at once
            }
        }
        let keys = order.prefix(count)
        order.removeFirst(keys.count)
        waiting.subtract(keys)
        return keys.compactMap { latest[$0] }
    }

    private func wake() {
        let all = waiters
        waiters.removeAll(keepingCapacity: true)
        for waiter in all { waiter.resume() }
    }
}
