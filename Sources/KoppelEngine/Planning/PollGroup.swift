package import KoppelCore

/// The points of one machine that are due together because they have the same interval.
package struct PollGroup: Hashable, Sendable {
    /// Zero means as fast as the bus takes it.
    package let interval: Duration
    /// Indexes in the machine's points, rising.
    package let points: [Int]

    package init(interval: Duration, points: [Int]) {
        self.interval = interval
        self.points = points
    }

    /// The groups of a machine, shortest interval first.
    ///
    /// A point that only serves as scale register of others has no interval of its own: the planner reads it along.
    package static func groups(of machine: MachineSettings) -> [PollGroup] {
        let scales = Set(machine.points.compactMap(\.scaleRegister))
        let polled = machine.points.indices.filter {
            machine.points[$0].published || !scales.contains(machine.points[$0].signal)
        }
        return Dictionary(grouping: polled) { machine.points[$0].sampling.interval ?? machine.profile.interval }
            .map { PollGroup(interval: $0, points: $1) }
            .sorted { $0.interval < $1.interval }
    }
}
