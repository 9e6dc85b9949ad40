internal import ArgumentParser
internal import KoppelCore

/// Unit ids as the command line gives them: `1-32`, or `1,3,10-12`.
struct UnitList: ExpressibleByArgument, Hashable, Sendable {
    /// In the order given, each once; at least one, at most 256.
    var units: [UnitID]

    init(_ units: [UnitID]) { self.units = units }

    init?(argument: String) {
        var units: [UnitID] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt8($0) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last else {
                return nil
            }
            for number in first...last where !units.contains(UnitID(number)) { units.append(UnitID(number)) }
        }
        self.units = units
    }

    var defaultValueDescription: String {
        guard let first = units.first, let last = units.last else { return "" }
        return first == last ? "\(first.rawValue)" : "\(first.rawValue)-\(last.rawValue)"
    }
}
