package import KoppelCore

/// How long the journal can hold what the plan reads, when no destination takes anything.
///
/// Between a least case, in which no value changes and only heartbeats are stored, and a most case, in which each
/// reading is stored. Groups that run as fast as the bus takes them are not in it.
package struct JournalForecast: Hashable, Sendable {
    package let leastBytesPerDay: Double
    package let mostBytesPerDay: Double
    /// Until the limit in bytes or in age, whichever comes first, in the most case; `nil` if nothing is stored.
    package let leastHours: Double?
    /// The same in the least case.
    package let mostHours: Double?

    /// - Parameters:
    ///   - loads: All buses of the site.
    ///   - bytesPerReading: What a stored reading takes on disk, everything included.
    ///   - settings: The limits.
    package init(loads: [BusLoad], bytesPerReading: Double, settings: JournalSettings) {
        leastBytesPerDay = bytesPerReading * loads.reduce(0) { $0 + $1.leastReadingsPerDay }
        mostBytesPerDay = bytesPerReading * loads.reduce(0) { $0 + $1.mostReadingsPerDay }
        func hours(_ bytesPerDay: Double) -> Double? {
            guard bytesPerDay > 0 else { return nil }
            return min(Double(settings.limit) / bytesPerDay * 24, settings.keep.inSeconds / 3_600)
        }
        leastHours = hours(mostBytesPerDay)
        mostHours = hours(leastBytesPerDay)
    }
}
