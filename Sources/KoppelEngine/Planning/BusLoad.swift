package import KoppelCore

/// How much of a bus the plan of its machines takes, before anything runs (field rule P33; `koppel check --plan`).
///
/// The load is the predicted time of each machine's interval group over its interval, added up. Groups that fall due
/// at the same moment share reads, so the real load is at most this.
package struct BusLoad: Sendable {
    /// Above this part of the bus time a retry or a slow answer already costs slots.
    package static let comfortable = 0.8

    package enum Verdict: String, Sendable {
        case fits
        /// Between ``comfortable`` and all of the bus time.
        case tight
        /// More than all of the bus time, by assumed answer times: measure before you rely on it.
        case mayNotFit = "may-not-fit"
        /// More than all of the bus time. The plan is refused.
        case doesNotFit = "does-not-fit"
    }

    /// One interval group of one machine.
    package struct Row: Hashable, Sendable {
        package let machine: Identifier
        package let unit: UnitID
        /// Zero means as fast as the bus takes it.
        package let interval: Duration
        /// Published points of the group.
        package let signals: Int
        /// What one sweep of the group asks.
        package let reads: [PlannedRead]
        package let registers: Int
        package let bits: Int
        /// Predicted time of one sweep of the group.
        package let time: Duration
        /// Part of the bus time: 0.25 is a quarter. `nil` for interval zero, which takes what is left.
        package let load: Double?
        /// Readings at most, every one of them stored. 0 for interval zero, where the bus decides.
        package let mostReadingsPerDay: Double
        /// Readings at least, if nothing ever changes: the heartbeats.
        package let leastReadingsPerDay: Double

        package var requests: Int { reads.count }
    }

    /// A machine's points that no request can read.
    package struct Problem: Hashable, Sendable {
        package let machine: Identifier
        package let error: PlanningError
    }

    package let bus: Identifier
    /// How many TCP connections the agent makes to the endpoint: one for all units, none to a serial line (field rule
    /// P17).
    package let connections: Int
    /// How many different unit ids are asked over the bus.
    package let units: Int
    /// Machine after machine, shortest interval first.
    package let rows: [Row]
    package let problems: [Problem]
    /// True if the predicted times rest on assumed answer times and not on a serial line's settings.
    package let isEstimate: Bool
    /// Requests and time when everything on the bus is due at once.
    package let fullSweepRequests: Int
    package let fullSweepTime: Duration
    /// The parts of all rows together; 1 is all of the bus time.
    package let load: Double
    package let verdict: Verdict
    /// Up to three sentences with what would make it fit, cheapest first. Empty if it fits.
    package let waysOut: [String]
    /// A sentence if a full sweep takes longer than the shortest interval, so that slots are missed now and then
    /// although the load as a whole fits.
    package let note: String?

    /// - Parameters:
    ///   - bus: The bus.
    ///   - machines: The machines of the site; those on other buses are ignored.
    ///   - cost: What reads cost, if it is known better than the endpoint tells.
    ///   - facts: What the units taught, if that is to be planned around.
    package init(
        bus: BusSettings, machines: [MachineSettings], cost: BusCost? = nil, facts: FactBoard? = nil
    ) {
        let prediction = LoadPrediction(
            machines: machines.filter { $0.bus == bus.id }, cost: cost ?? BusCost(bus.endpoint), facts: facts)
        self.bus = bus.id
        units = Set(machines.filter { $0.bus == bus.id }.map(\.unit)).count
        connections =
            switch bus.endpoint {
            case .tcp, .rtuOverTCP: units == 0 ? 0 : 1
            case .rtu: 0
            }
        rows = prediction.groups.map(\.row)
        problems = prediction.problems
        isEstimate = prediction.cost.isEstimate
        fullSweepRequests = prediction.fullSweep.requests
        fullSweepTime = prediction.fullSweep.time
        load = prediction.load
        verdict =
            switch load {
            case ...Self.comfortable: .fits
            case ...1: .tight
            default: isEstimate ? .mayNotFit : .doesNotFit
            }
        waysOut = verdict == .fits ? [] : prediction.waysOut(endpoint: bus.endpoint)
        note = load > 1 ? nil : prediction.note
    }
}

extension BusLoad {
    package var mostReadingsPerDay: Double { rows.reduce(0) { $0 + $1.mostReadingsPerDay } }
    package var leastReadingsPerDay: Double { rows.reduce(0) { $0 + $1.leastReadingsPerDay } }
}
