internal import KoppelCore
internal import Synchronization

/// What writer and readers share without waiting for each other: how far the journal goes, the cursors, the newest
/// records, and who waits for more.
///
/// It only says what is already stored. The newest records are kept so that live delivery needs no disk: at most
/// ``tailReadings`` readings (1.5 MiB) in at most ``tailRecords`` records.
final class JournalBoard: Sendable {
    static let tailReadings = 32_768
    static let tailRecords = 1_024
    /// A reader that is fewer records behind than this still follows.
    static let closeBehind = 8 * Int64(tailRecords)

    struct Totals: Equatable {
        var records = 0
        var readings = 0
        var dropped: UInt64 = 0
    }

    fileprivate struct Waiter {
        var position: JournalPosition
        var continuation: CheckedContinuation<Void, Never>
    }

    fileprivate struct State {
        var end = JournalPosition.start
        var totals = Totals()
        var cursors: [Identifier: JournalPosition] = [:]
        /// Readings up to each cursor that are still in the file.
        var done: [Identifier: Int] = [:]
        /// Records without holes up to `end`, oldest first.
        var tail: [StoredRecord] = []
        var tailReadings = 0
        /// Some of the tail was stored on a clock that could not be trusted, and no trusted one came since.
        var isTailUncertain = false
        /// From where a reader that follows last read, and when.
        var follower: (position: JournalPosition, time: ContinuousClock.Instant)?
        var waiters: [UInt64: Waiter] = [:]
        var cancelled: Set<UInt64> = []
        var nextWaiter: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    var end: JournalPosition { state.withLock { $0.end } }
    var totals: Totals { state.withLock { $0.totals } }
    var cursors: [Identifier: JournalPosition] { state.withLock { $0.cursors } }

    var done: [Identifier: Int] { state.withLock { $0.done } }

    func setCursors(_ cursors: [Identifier: JournalPosition], done: [Identifier: Int]) {
        state.withLock { ($0.cursors, $0.done) = (cursors, done) }
    }

    /// Readings that a destination still has to get; `nil` if it is not known.
    func waiting(for destination: Identifier) -> (after: JournalPosition, readings: Int)? {
        state.withLock { state in
            guard let cursor = state.cursors[destination] else { return nil }
            return (cursor, max(0, state.totals.readings - (state.done[destination] ?? 0)))
        }
    }

    /// So many readings went out of the file, up to a position: whoever has them has so many less to look back on.
    func forgetReadings(_ count: Int, of destinations: (JournalPosition) -> Bool) {
        state.withLock { state in
            for (id, cursor) in state.cursors where destinations(cursor) { state.done[id, default: 0] -= count }
        }
    }

    func setTotals(_ totals: Totals) { state.withLock { $0.totals = totals } }

    func begin(
        at end: JournalPosition, totals: Totals, cursors: [Identifier: JournalPosition], done: [Identifier: Int]
    ) {
        state.withLock { state in
            state.end = end
            state.totals = totals
            state.cursors = cursors
            state.done = done
        }
    }

    /// Makes stored records known and wakes who waits for them.
    func publish(_ records: [StoredRecord], totals: Totals) {
        guard let end = records.last?.position else { return }
        let woken = state.withLock { state in
            state.end = end
            state.totals = totals
            for stored in records { state.add(stored) }
            state.tailReadings += records.reduce(0) { $0 + $1.record.readings.count }
            state.trimTail()
            let woken = state.waiters.filter { $0.value.position < end }
            for id in woken.keys { state.waiters[id] = nil }
            return woken
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }

    /// Forgets newest records up to a position, since something else stands in their place now.
    func forget(through position: JournalPosition) {
        state.withLock { state in
            let count = state.tail.prefix { $0.position <= position }.count
            state.dropTail(count)
        }
    }

    /// The records after a position, if they are all among the newest ones.
    func newest(after position: JournalPosition, maximumReadings: Int) -> [StoredRecord]? {
        state.withLock { state in
            if position >= state.end {
                state.follower = (state.end, .now)
                return []
            }
            guard let first = state.tail.first?.position.rawValue, position.rawValue >= first - 1 else {
                if state.end.rawValue - position.rawValue < Self.closeBehind { state.follower = (position, .now) }
                return nil
            }
            var readings = 0
            let rest = state.tail[Int(position.rawValue - first + 1)...]
            let taken = rest.prefix { stored in
                readings += stored.record.readings.count
                return readings <= maximumReadings
            }
            state.follower = (position, .now)
            return Array(taken.isEmpty ? rest.prefix(1) : taken)
        }
    }

    /// How many readings of the tail came after the position from which a reader last read; `nil` if none that
    /// follows has read for a quarter of a second.
    var liveBacklog: Int? {
        state.withLock { state in
            guard let follower = state.follower, .now - follower.time < .milliseconds(250) else { return nil }
            let newer = state.tail.reversed().prefix { $0.position > follower.position }
            return newer.reduce(0) { $0 + $1.record.readings.count }
        }
    }

    func wait(after position: JournalPosition) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.end > position || state.isClosed || state.cancelled.contains(id) { return true }
                    state.waiters[id] = Waiter(position: position, continuation: continuation)
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.cancelled.insert(id)
                return state.waiters.removeValue(forKey: id)
            }
            waiter?.continuation.resume()
        }
        _ = state.withLock { $0.cancelled.remove(id) }
    }

    /// Nothing more will come.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.continuation.resume() }
    }
}

extension JournalBoard.State {
    /// As in the file, the first record on a trusted clock puts the times right of those before it.
    fileprivate mutating func add(_ stored: StoredRecord) {
        if !stored.record.isOnTrustedClock {
            isTailUncertain = true
        } else if isTailUncertain {
            for index in tail.indices { tail[index].record.correct(to: stored.record.offset) }
            isTailUncertain = false
        }
        tail.append(stored)
    }

    fileprivate mutating func trimTail() {
        var surplus = tailReadings - JournalBoard.tailReadings
        guard surplus > 0 || tail.count > JournalBoard.tailRecords else { return }
        let count = tail.prefix { stored in
            defer { surplus -= stored.record.readings.count }
            return surplus > 0
        }.count
        dropTail(max(count, tail.count - JournalBoard.tailRecords))
    }

    fileprivate mutating func dropTail(_ count: Int) {
        tailReadings -= tail[..<count].reduce(0) { $0 + $1.record.readings.count }
        tail.removeFirst(count)
    }
}
