internal import KoppelCore
internal import KoppelEngine
internal import Synchronization

/// The destinations of the site file as it is now, and how each fares. They may change while everything else goes on.
final class DestinationBoard: Sendable {
    private struct Shown {
        var destinations: [DestinationSettings] = []
        var gauges: [Identifier: DeliveryGauge] = [:]
    }

    private let shown = Mutex(Shown())

    /// In the order of the site file, those included that this version does not serve.
    var destinations: [DestinationSettings] { shown.withLock { $0.destinations } }

    /// Of those that are served.
    var gauges: [Identifier: DeliveryGauge] { shown.withLock { $0.gauges } }

    func show(_ destinations: [DestinationSettings], _ served: [ServedDestination]) {
        shown.withLock {
            $0.destinations = destinations
            $0.gauges = Dictionary(served.map { ($0.id, $0.gauge) }) { first, _ in first }
        }
    }
}
