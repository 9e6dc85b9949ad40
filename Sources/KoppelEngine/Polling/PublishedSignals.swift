package import KoppelCore

/// The published signals of a machine, in a fixed order: each published point, and behind each counter its total.
///
/// This is the one place that says which signals a machine has; registration, descriptor and polling all follow it.
package struct PublishedSignals: Sendable {
    package enum Source: Hashable, Sendable {
        /// The value of this point.
        case point(Int)
        /// The running total that the agent keeps for the counter at this point (data model 3.7).
        case total(ofPoint: Int)
    }

    package struct Entry: Sendable {
        package var name: SignalName
        package var source: Source
    }

    package let entries: [Entry]

    /// A counter whose total's name would be longer than 32 characters gets none.
    package init(points: [Point]) {
        var entries: [Entry] = []
        for (index, point) in points.enumerated() where point.published {
            entries.append(Entry(name: point.signal, source: .point(index)))
            guard point.kind == .counter, let name = SignalName("\(point.signal)-total") else { continue }
            guard !points.contains(where: { $0.signal == name }) else { continue }
            entries.append(Entry(name: name, source: .total(ofPoint: index)))
        }
        self.entries = entries
    }
}
