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
        package var rows: [Row]
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

    private enum Key: String, CodingKey { case buses, journal, bytesPerReading }

    package let buses: [Bus]
    package let journal: Journal
    private let loads: [BusLoad]
    private let forecast: JournalForecast

    package init(_ site: Site) {
        loads = site.buses.map { BusLoad(bus: $0, machines: site.machines) }
        forecast = JournalForecast(
            loads: loads, bytesPerReading: Self.bytesPerReading, settings: site.agent.journal)
        buses = loads.map { load in
            Bus(
                id: load.bus, rows: load.rows.map(Row.init),
                problems: load.problems.map { "\($0.machine): \($0.error)" },
                isEstimate: load.isEstimate, fullSweepRequests: load.fullSweepRequests,
                fullSweepTime: load.fullSweepTime, load: load.load, verdict: Verdict(load.verdict),
                waysOut: load.waysOut, note: load.note)
        }
        journal = Journal(
            leastBytesPerDay: forecast.leastBytesPerDay, mostBytesPerDay: forecast.mostBytesPerDay,
            leastHours: forecast.leastHours, mostHours: forecast.mostHours)
    }

    /// False if a bus cannot keep its intervals, or signals can never be read.
    package var isPossible: Bool { buses.allSatisfy { $0.verdict != .doesNotFit && $0.problems.isEmpty } }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(loads, forKey: .buses)
        try container.encode(forecast, forKey: .journal)
        try container.encode(Self.bytesPerReading, forKey: .bytesPerReading)
    }
}

extension SitePlan.Row {
    fileprivate init(_ row: BusLoad.Row) {
        self.init(
            machine: row.machine, unit: row.unit, interval: row.interval, signals: row.signals,
            requests: row.requests, registers: row.registers, bits: row.bits, time: row.time, load: row.load)
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
