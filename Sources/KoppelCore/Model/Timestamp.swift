/// A moment in UTC, as whole nanoseconds since 1970-01-01T00:00:00Z.
///
/// Good from 1677 until the year 2262. It says nothing about whether the clock it was read from could be
/// trusted: that is ``ClockState``.
package struct Timestamp: Codable, Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970, negative before it.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `duration` later; saturates at the ends of the range instead of trapping.
    package func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        guard overflow else { return Timestamp(nanoseconds: sum) }
        return Timestamp(nanoseconds: duration < .zero ? .min : .max)
    }
}

extension Duration {
    /// The duration cut to whole nanoseconds; saturates at ±292 years.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflow2) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflow2 else { return seconds < 0 ? .min : .max }
        return sum
    }

    /// The duration in seconds, as the nearest Double.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// Whether the agent's clock can be trusted (data model, `batch.clock`).
package enum ClockState: UInt8, Sendable {
    case synchronised = 0
    case holdover = 1
    case unsynchronised = 2

    /// The token of the data model.
    package var name: String {
        switch self {
        case .synchronised: "synchronised"
        case .holdover: "holdover"
        case .unsynchronised: "unsynchronised"
        }
    }
}
