package import KoppelCore

/// The newest reading of each signal that a destination has not been told of yet.
///
/// It conflates: a newer reading of a signal takes the place of an older one, so it holds at most one entry a signal
/// however long the destination is away. History is the journal's business.
package actor LiveLane {
    package struct Item: Sendable {
        package var machine: MachineNumber
        package var rev: UInt32
        package var epoch: UInt32
        package var reading: Reading
        package var last: LastValue?
    }

    private struct Key: Hashable {
        let machine: MachineNumber
        let signal: SignalNumber
    }

    private let epoch: UInt32
    private var latest: [Key: Item] = [:]
    private var waiting: Set<Key> = []
    private var order: [Key] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []

    package init(epoch: UInt32) { self.epoch = epoch }

    /// Takes over what was stored.
    ///
    /// A momentary reading is not shown: until a signal is stale, its last reading stands (data model 4.1).
    package func offer(_ swept: [SweptRecord]) {
        for one in swept {
            let record = one.record
            var momentary = one.momentary[...]
            for (index, reading) in record.readings.enumerated() {
                guard momentary.first != index else {
                    momentary.removeFirst()
                    continue
                }
                let key = Key(machine: record.machine, signal: reading.signal)
                var last = latest[key]?.last
                if let value = reading.value { last = LastValue(value: value, time: reading.time) }
                latest[key] = Item(
                    machine: record.machine, rev: record.rev, epoch: epoch, reading: reading, last: last)
                if waiting.insert(key).inserted { order.append(key) }
            }
        }
        wake()
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
