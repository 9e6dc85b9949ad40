package import KoppelCore
internal import KoppelEngine

/// What polling a site will take of its buses and its journal, before anything runs (`koppel check --plan`).
///
/// Encoded, it is the `plan` of `koppel check --plan --json`.
package struct SitePlan: Sendable, Encodable {
    /// The bytes one stored reading is taken for. An assumption: numbers that move take more, those that rest less.
    package static let bytesPerReading = 12.0

    /// One bus of the plan, in words and numbers for people.
    package struct Bus: Sendable {
        package var id: Identifier
        /// `9600 baud 8E1`, or how else it is reached.
        package var line: String
        /// `HOST:PORT` of the one connection that all units share (field rule P17); `nil` for a serial line, and for a
        /// bus that nothing is asked on.
        package var connection: String?
        /// How many different unit ids are asked.
        package var units: Int
        package var rows: [Row]
        package var learned: [Learned]
        /// Signals that no request can read, and why.
        package var problems: [String]
        /// True if the times rest on assumed answer times.
        package var isEstimate: Bool
        package var fullSweepRequests: Int
        package var fullSweepTime: Duration
        /// 1 is all of the bus time.
        package var load: Double
        package var verdict: Verdict
        package var waysOut: [String]
        package var note: String?
    }

    /// What a unit taught by its refusals in earlier runs, which the plan goes around.
    package struct Learned: Sendable {
        package var unit: UnitID
        /// What is refused, and how.
        package var fact: String
        package var age: Duration
        /// Until it is put to the test again; zero if that is due.
        package var holds: Duration
    }

    package enum Verdict: String, Sendable {
        case fits, tight
        case mayNotFit = "may not fit"
        case doesNotFit = "does not fit"
    }

    /// One interval group of one machine.
    package struct Row: Sendable {
        package var machine: Identifier
        package var unit: UnitID
        /// Zero means as fast as the bus takes it.
        package var interval: Duration
        package var signals: Int
        package var requests: Int
        /// What is asked: `input 0 to 11`.
        package var reads: [String]
        package var registers: Int
        package var bits: Int
        package var time: Duration
        package var load: Double?
    }

    /// How much the journal gets and how long it lasts when no destination takes anything: from the case in which
    /// nothing changes to the case in which every reading is stored.
    package struct Journal: Sendable {
        package var leastBytesPerDay: Double
        package var mostBytesPerDay: Double
        package var leastHours: Double?
        package var mostHours: Double?
    }

    private enum Key: String, CodingKey { case buses, journal, bytesPerReading, learned }

    package let buses: [Bus]
    package let journal: Journal
    /// Why it is not known what earlier runs have learned, if that is so.
    package let learnedProblem: String?
    private let loads: [BusLoad]
    private let facts: [LearnedFact]
    private let forecast: JournalForecast

    /// The plan as the agent would follow it now, with what it learned so far, which is in the data folder.
    package init(_ site: Site, now: Timestamp) {
        let file = FactsFile(folder: site.agent.dataFolder)
        do {
            let units = Set(site.machines.map { UnitOnBus(bus: $0.bus, unit: $0.unit) })
            facts = try file.read(now: now).filter { units.contains($0.unit) }
            learnedProblem = nil
        } catch {
            facts = []
            learnedProblem = "\(file.path): \(error)"
        }
        let board = FactBoard(facts)
        loads = site.buses.map { BusLoad(bus: $0, machines: site.machines, facts: board) }
        forecast = JournalForecast(
            loads: loads, bytesPerReading: Self.bytesPerReading, settings: site.agent.journal)
        let facts = facts
        buses = zip(site.buses, loads).map { bus, load in
            Bus(
                id: load.bus, line: bus.endpoint.lineText,
                connection: load.connections > 0 ? bus.endpoint.address : nil, units: load.units,
                rows: load.rows.map(Row.init),
                learned: facts.filter { $0.unit.bus == bus.id }.map { Learned($0, now: now) },
                problems: load.problems.map { "\($0.machine): \($0.error)" },
                isEstimate: load.isEstimate, fullSweepRequests: load.fullSweepRequests,
                fullSweepTime: load.fullSweepTime, load: load.load, verdict: Verdict(load.verdict),
                waysOut: load.waysOut, note: load.note)
        }
        journal = Journal(
            leastBytesPerDay: forecast.leastBytesPerDay, mostBytesPerDay: forecast.mostBytesPerDay,
            leastHours: forecast.leastHours, mostHours: forecast.mostHours)
    }

    /// False if signals can never be read. A bus whose plan cannot fit is an issue of the site file.
    package var isPossible: Bool { buses.allSatisfy(\.problems.isEmpty) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(loads, forKey: .buses)
        try container.encode(forecast, forKey: .journal)
        try container.encode(Self.bytesPerReading, forKey: .bytesPerReading)
        try container.encode(facts, forKey: .learned)
    }
}

extension SitePlan.Row {
    fileprivate init(_ row: BusLoad.Row) {
        self.init(
            machine: row.machine, unit: row.unit, interval: row.interval, signals: row.signals,
            requests: row.requests, reads: row.reads.map { $0.request.block.description },
            registers: row.registers, bits: row.bits, time: row.time, load: row.load)
    }
}

extension SitePlan.Verdict {
    fileprivate init(_ verdict: BusLoad.Verdict) {
        self =
            switch verdict {
            case .fits: .fits
            case .tight: .tight
            case .mayNotFit: .mayNotFit
            case .doesNotFit: .doesNotFit
            }
    }
}

extension SitePlan.Learned {
    init(_ fact: LearnedFact, now: Timestamp) {
        let age = Duration.nanoseconds(now.nanoseconds) - .nanoseconds(fact.learned.nanoseconds)
        self.init(
            unit: fact.unit.unit, fact: fact.description, age: max(.zero, age), holds: fact.remaining(at: now))
    }
}

extension BusEndpoint {
    /// Where a connection is made to, if one is.
    fileprivate var address: String? {
        switch self {
        case .tcp(let host, let port), .rtuOverTCP(let host, let port, _): "\(host):\(port)"
        case .rtu: nil
        }
    }

    /// The rate that the times are computed with, if there is one.
    fileprivate var lineText: String {
        switch self {
        case .tcp(let host, let port): "TCP to \(host):\(port)"
        case .rtu(_, let line): line.text
        case .rtuOverTCP(let host, let port, let line): "\(line.text) behind \(host):\(port)"
        }
    }
}

extension SerialLine {
    fileprivate var text: String { "\(baud) baud 8\(parity.rawValue)\(stopBits)" }
}
