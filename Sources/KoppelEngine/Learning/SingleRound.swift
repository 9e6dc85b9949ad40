package import KoppelCore

/// One round of reads of a machine that finds out within itself what the device refuses (`koppel read`).
///
/// A read that is refused is asked again in halves, until a value stands alone; what lies within a value that is
/// refused as a whole, between it and its scale register for example, is then read by itself. So a value is bad only
/// if it was refused itself (field rule P28). Unlike the agent, which learns over many sweeps, a round has no next one.
///
/// Bounded: at most ``mostRepeats`` reads beyond those that were planned. A pure value.
package struct SingleRound: Sendable {
    package static let mostRepeats = 200

    /// What the planner could not plan.
    package let problems: [PlanningError]
    /// What was found out about reads whose values are all answered in parts, one sentence each.
    package private(set) var remarks: [String] = []
    /// What to ask apart in a further round of the same machine.
    package private(set) var restrictions: ReadRestrictions

    private let machine: LocatedMachine
    private let cost: BusCost
    private var planner: ReadPlanner
    /// The last one is next.
    private var waiting: [PlannedRead]
    private var search = RefusalSearch()
    private var repeats = 0

    /// - Parameters:
    ///   - machine: Whom to ask, with its registers where they are.
    ///   - due: Indexes of the machine's points.
    ///   - cost: What a read costs on its bus.
    ///   - restrictions: What an earlier round found out.
    package init(
        _ machine: LocatedMachine, due: [Int], cost: BusCost, restrictions: ReadRestrictions = ReadRestrictions()
    ) {
        self.machine = machine
        self.cost = cost
        self.restrictions = restrictions
        planner = ReadPlanner(machine, cost: cost, restrictions: restrictions)
        problems = planner.problems
        waiting = planner.plan(due).reversed()
    }

    /// The reads that were not asked yet, the next one first.
    package var left: [PlannedRead] { waiting.reversed() }

    /// The read to ask now; `nil` at the end of the round.
    package mutating func next() -> PlannedRead? { waiting.popLast() }

    /// The read was answered with words.
    package mutating func answered(_ read: PlannedRead) {
        for verdict in search.answered(read.request) {
            switch verdict {
            case .gap(let span, let exception):
                restrictions.unreadable.append(span)
                remarks.append(
                    "\(span) lies between signals and is refused (\(exception)), so they were read in parts")
            case .length(let request, let exception):
                remarks.append("\(request) is refused (\(exception)) and was read in parts, which are answered")
                let before = restrictions.longest[request.table] ?? Int.max
                restrictions.longest[request.table] = min(before, max(1, Int(request.count) / 2))
            }
        }
    }

    /// The device answered the read with an exception.
    ///
    /// - Returns: The points that are bad because of it. The others are asked again in this round.
    package mutating func refused(_ read: PlannedRead, _ exception: ModbusException) -> [Int] {
        let due = read.points.filter(\.isDue).map(\.point)
        // An address, a count, or a device that fails over one of them (Modbus application protocol 1.1b3, 7).
        guard (2...4).contains(exception.code) else { return due }
        let halves = planner.halves(of: read)
        if halves.count == 2, mayRepeat(2) {
            _ = search.refused(
                read.request, halves: (halves[0].request, halves[1].request),
                values: due.compactMap { planner.span(of: $0)?.range }, exception: exception)
            waiting += halves.reversed()
            return []
        }
        guard halves.isEmpty else { return due }
        search.explained(read.request)
        let block = read.request.block
        let within = due.filter { planner.span(of: $0) != block }
        if !restrictions.unreadable.contains(block) {
            restrictions.unreadable.append(block)
            planner = ReadPlanner(machine, cost: cost, restrictions: restrictions)
        }
        let again = planner.plan(within)
        guard mayRepeat(again.count) else { return due }
        waiting += again.reversed()
        let asked = Set(again.flatMap(\.points).filter(\.isDue).map(\.point))
        return due.filter { !asked.contains($0) }
    }

    private mutating func mayRepeat(_ count: Int) -> Bool {
        guard repeats + count <= Self.mostRepeats else { return false }
        repeats += count
        return true
    }
}
