internal import KoppelCore

/// Says what is due when, on the monotonic clock, and counts what came too late.
///
/// Each item has a grid of slots: its first slot, and then one every interval. Due times advance from the previous
/// slot and never from the moment of running, so that a slow answer does not shift the grid (field rule P23). Slots
/// that went by are counted and never made up for in a burst (P21): no queue of polls exists.
///
/// Bounded: one entry per item, whatever the delay.
package struct Schedule: Sendable {
    /// The shortest interval an item may have, apart from zero.
    package static let shortestInterval = Duration.milliseconds(10)

    package struct Item: Hashable, Sendable {
        /// From one slot to the next, at least ``shortestInterval``; zero means as fast as the bus takes it.
        package let interval: Duration
        /// How long after the start the first slot is, so that not everything falls on the same instant.
        package let phase: Duration

        /// `nil` for an interval above zero and below ``shortestInterval``, and for negative times.
        package init?(interval: Duration, phase: Duration = .zero) {
            guard interval == .zero || interval >= Schedule.shortestInterval, phase >= .zero else { return nil }
            self.interval = interval
            self.phase = phase
        }
    }

    /// An item to run now, and the slots it was too late for.
    package struct Due: Hashable, Sendable {
        package let item: Int
        /// The slot it runs for: the newest one that is not in the future.
        package let slot: Duration
        /// How many slots went by since the item last ran.
        package let missed: Int
        /// From the first to the last missed slot; `nil` if none was missed.
        package let missedSlots: ClosedRange<Duration>?
    }

    private let intervals: [Int64]
    private var nextSlots: [Int64]

    /// - Parameters:
    ///   - items: What is to be run. An item is known by its place in this list.
    ///   - start: When the grids begin, on the clock that ``takeDue(now:)`` is told.
    package init(_ items: [Item], start: Duration = .zero) {
        intervals = items.map(\.interval.wholeNanoseconds)
        nextSlots = items.map { (start + $0.phase).wholeNanoseconds }
    }

    /// The earliest moment at which something is due; in the past if it already is, `nil` if there are no items.
    package var nextDue: Duration? { nextSlots.min().map { .nanoseconds($0) } }

    /// When this item is due next, as far as it was taken.
    package func nextSlot(of item: Int) -> Duration { .nanoseconds(nextSlots[item]) }

    /// Takes all that is due, in the order of the items. The next slot of each is the first one after `now`.
    ///
    /// For every item, runs and missed slots together are all slots up to `now`: 3.4 intervals after a slot that was
    /// not taken, that is one run, 3 missed, and the next slot 0.6 intervals away. An item with interval zero is
    /// always due from its first slot on and misses nothing.
    package mutating func takeDue(now: Duration) -> [Due] {
        let now = now.wholeNanoseconds
        var result: [Due] = []
        for item in nextSlots.indices where nextSlots[item] <= now {
            let interval = intervals[item]
            let first = nextSlots[item]
            guard interval > 0 else {
                result.append(Due(item: item, slot: .nanoseconds(now), missed: 0, missedSlots: nil))
                continue
            }
            let missed = (now - first) / interval
            let slot = first + missed * interval
            let (next, isPastTheEnd) = slot.addingReportingOverflow(interval)
            nextSlots[item] = isPastTheEnd ? .max : next
            result.append(
                Due(
                    item: item, slot: .nanoseconds(slot), missed: Int(missed),
                    missedSlots: missed == 0 ? nil : .nanoseconds(first)...(.nanoseconds(slot - interval))))
        }
        return result
    }
}
