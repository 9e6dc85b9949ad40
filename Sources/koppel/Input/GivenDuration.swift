internal import ArgumentParser
internal import KoppelCore

/// A time span as it is written in the site file: `250ms`, `60s`, `15min`, `2h`, `30d`.
struct GivenDuration: ExpressibleByArgument, Hashable, Sendable {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    let duration: Duration

    /// `nil` unless it is a whole number with its unit, above zero and at most 10 years.
    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.name) }),
            let number = Int64(argument.dropLast(unit.name.count)), (1...315_360_000_000).contains(number),
            number <= 315_360_000_000 / unit.milliseconds
        else { return nil }
        duration = .milliseconds(number * unit.milliseconds)
    }
}
