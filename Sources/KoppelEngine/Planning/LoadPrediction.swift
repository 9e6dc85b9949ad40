internal import KoppelCore

/// The plans of all machines on a bus, laid out over time.
struct LoadPrediction {
    struct Group {
        let row: BusLoad.Row
        let reads: [PlannedRead]
    }

    let cost: BusCost
    let groups: [Group]
    let problems: [BusLoad.Problem]
    let fullSweep: (requests: Int, time: Duration)
    let machines: [MachineSettings]

    init(machines: [MachineSettings], cost: BusCost, facts: FactBoard? = nil) {
        self.cost = cost
        self.machines = machines
        var groups: [Group] = []
        var problems: [BusLoad.Problem] = []
        var fullSweep = (requests: 0, time: Duration.zero)
        for machine in machines {
            let learning = facts.map { UnitLearning(machine: machine, facts: $0) }
            let planner = ReadPlanner(
                machine: machine, cost: cost, restrictions: learning?.restrictions ?? ReadRestrictions())
            problems += planner.problems.map { BusLoad.Problem(machine: machine.id, error: $0) }
            let pollGroups = PollGroup.groups(of: machine)
            func plan(_ points: [Int]) -> [PlannedRead] {
                planner.plan(points.filter { learning?.refusal(of: planner.span(of: $0)) == nil })
            }
            for group in pollGroups {
                let reads = plan(group.points)
                groups.append(Group(row: Self.row(of: machine, group, reads), reads: reads))
            }
            let everything = plan(pollGroups.flatMap(\.points))
            fullSweep.requests += everything.count
            fullSweep.time += everything.reduce(.zero) { $0 + $1.time }
        }
        self.groups = groups
        self.problems = problems
        self.fullSweep = fullSweep
    }

    /// The part of the bus time that all groups with an interval take.
    var load: Double { groups.reduce(0) { $0 + ($1.row.load ?? 0) } }

    /// The part that one machine takes.
    func load(of machine: Identifier) -> Double {
        groups.reduce(0) { $0 + ($1.row.machine == machine ? $1.row.load ?? 0 : 0) }
    }

    /// Says so if a full sweep takes longer than the shortest interval.
    var note: String? {
        let timed = groups.filter { $0.row.interval > .zero }
        guard let shortest = timed.map(\.row.interval).min(), fullSweep.time > shortest else { return nil }
        return "When everything is due at once the sweep takes \(fullSweep.time.short), longer than the shortest "
            + "interval of \(shortest.short): slots are missed then, and declared."
    }

    /// The load of the same machines on a line that costs something else. Plans are made anew, since another cost
    /// can make other reads the cheapest.
    func load(at cost: BusCost) -> Double { LoadPrediction(machines: machines, cost: cost).load }

    private static func row(of machine: MachineSettings, _ group: PollGroup, _ reads: [PlannedRead]) -> BusLoad.Row {
        let time = reads.reduce(Duration.zero) { $0 + $1.time }
        let published = group.points.filter { machine.points[$0].published }
        let interval = group.interval.inSeconds
        func count(bits: Bool) -> Int {
            reads.filter { $0.request.table.isBits == bits }.reduce(0) { $0 + Int($1.request.count) }
        }
        func readingsPerDay(_ every: (SamplingRule) -> Double) -> Double {
            guard interval > 0 else { return 0 }
            return published.reduce(0) { $0 + 86_400 / max(interval, every(machine.points[$1].sampling)) }
        }
        return BusLoad.Row(
            machine: machine.id, unit: machine.unit, interval: group.interval, signals: published.count,
            reads: reads, registers: count(bits: false), bits: count(bits: true), time: time,
            load: interval > 0 ? time.inSeconds / interval : nil,
            mostReadingsPerDay: readingsPerDay { _ in 0 },
            leastReadingsPerDay: readingsPerDay { $0.everyReading ? 0 : $0.heartbeat.inSeconds })
    }
}

extension Duration {
    /// The duration as an installer would say it, with at most three digits: `250 ms`, `1.5 s`, `15 min`.
    var short: String {
        let seconds = inSeconds
        func text(_ number: Double, _ unit: String) -> String {
            let tenths = (number * 10).rounded()
            let isWhole = tenths.truncatingRemainder(dividingBy: 10) == 0 || number >= 100
            return isWhole ? "\(Int(number.rounded())) \(unit)" : "\(tenths / 10) \(unit)"
        }
        switch seconds {
        case ..<1: return text(seconds * 1_000, "ms")
        case ..<120: return text(seconds, "s")
        case ..<7_200: return text(seconds / 60, "min")
        default: return text(seconds / 3_600, "h")
        }
    }
}
