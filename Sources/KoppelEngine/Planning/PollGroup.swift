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
    /// A point that is not published has an interval of its own only if the state or an alarm needs it. A scale
    /// register is read along by the planner, and what nobody needs is not read at all.
    package static func groups(of machine: MachineSettings) -> [PollGroup] {
        let needed = Set(machine.profile.ruleSignals)
        let polled = machine.points.indices.filter {
            machine.points[$0].published || needed.contains(machine.points[$0].signal)
        }
        return Dictionary(grouping: polled) { machine.points[$0].sampling.interval ?? machine.profile.interval }
            .map { PollGroup(interval: $0, points: $1) }
            .sorted { $0.interval < $1.interval }
    }
}
