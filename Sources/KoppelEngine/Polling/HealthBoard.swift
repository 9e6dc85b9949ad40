package import KoppelCore
internal import Synchronization

/// A bus and its units as they were at one moment.
package struct BusHealth: Sendable {
    package var bus: Identifier
    /// When these figures were taken.
    package var time: Timestamp
    package var isOpen: Bool
    /// How often the link could not be opened, or broke.
    package var linkFailures: UInt64
    package var lastLinkTrouble: UnitTrouble?
    /// Part of the bus time that requests took, over the last 10 s or so.
    package var busyShare: Double
    /// What was heard on the bus since it began; nothing but zeros on TCP.
    package var heard: LinkCounters
    package var units: [UnitFigures]
}

/// Where buses leave their figures for whoever asks, at most once a second each. One entry a bus.
package final class HealthBoard: Sendable {
    private let buses = Mutex<[Identifier: BusHealth]>([:])

    package init() {}

    package func post(_ health: BusHealth) { buses.withLock { $0[health.bus] = health } }

    /// The latest figures of each bus, by name.
    package var all: [BusHealth] { buses.withLock { $0.values.sorted { $0.bus < $1.bus } } }
}
