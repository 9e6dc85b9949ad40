import KoppelCore
import Testing

/// Totals against what they total: each is compared with the decoded rate, added up second by second.
struct SimulatedTotalTests {
    private static let seconds = 1_200.0
    private static let step = 3.0

    @Test(arguments: Device.all)
    func `energy is the integral of power`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for energy in readings.names(unit: "W.h", "kW.h", "MW.h", "V.A.h{reactive}", "kV.A.h{reactive}") {
            guard let power = Self.power(of: energy, readings).first(where: { readings.points[$0] != nil }) else {
                continue
            }
            try expectTotal([energy], of: power, per: 3_600, readings)
        }
    }

    @Test(arguments: Device.all)
    func `the tariffs of a meter share its energy, one at a time`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        let tariffs = ["t1", "t2"].map { "electrical/active-energy-import-" + $0 }
        guard tariffs.allSatisfy({ readings.points[$0] != nil }) else { return }
        try expectTotal(tariffs, of: "electrical/active-power", per: 3_600, readings)
        for moment in stride(from: 0.0, to: 2_400, by: 50) {
            let counting = try tariffs.map { name in
                try #require(try readings.number(name, at: moment + 1)) > #require(
                    try readings.number(name, at: moment))
            }
            let tariff = try #require(try readings.number("status/tariff", at: moment))
            #expect(counting == [tariff == 0, tariff == 1], "at \(moment) s")
        }
    }

    @Test(arguments: Device.all)
    func `a volume is the integral of its flow`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for flow in readings.names(.measurement, unit: "m3/h") {
            let group = flow.prefix { $0 != "/" }
            let volumes =
                flow.contains("reverse")
                ? ["\(group)/volume-reverse"] : ["\(group)/volume", "\(group)/counter-1", "\(group)/counter-2"]
            for volume in volumes where readings.points[volume] != nil {
                try expectTotal([volume], of: flow, per: 3_600, readings)
            }
        }
    }

    @Test(arguments: Device.all)
    func `a counter of pulses counts how often its input comes on`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for counter in readings.names(.counter) where counter.hasPrefix("counters/") {
            let input = "io/" + counter.dropFirst("counters/".count)
            guard readings.points[input] != nil else { continue }
            var edges = 0.0
            var last = try readings.number(input, at: 0) ?? 0
            for moment in stride(from: 0.25, through: 200, by: 0.25) {
                let now = try readings.number(input, at: moment) ?? 0
                edges += now > last ? 1 : 0
                last = now
            }
            let begin = try #require(try readings.number(counter, at: 0))
            let end = try #require(try readings.number(counter, at: 200))
            #expect(end - begin == edges && edges > 5, "\(counter)")
        }
    }

    /// The signals that could be the rate of an energy, the likeliest first.
    private static func power(of energy: String, _ readings: SimulatedReadings) -> [String] {
        let parts = energy.split(separator: "/")
        let words = parts[1].split(separator: "-").map(String.init)
        if parts[0] == "drive" { return ["drive/output-power"] }
        guard Set(words).isDisjoint(with: ["t1", "t2", "process", "capacity", "absorbed", "q2", "q3", "q4"]),
            parts[0] != "storage"
        else { return [] }
        if words.contains("dc") {
            // A few of the words are the number of the input.
            return ["electrical/dc-power" + words.filter { Int($0) != nil }.map { "-" + $0 }.joined()]
        }
        let phase = words.last.map { ["l1", "l2", "l3"].contains($0) ? "-" + $0 : "" } ?? ""
        let isBack = words.contains("export")
        guard words.contains("reactive") else { return ["electrical/active-power\(isBack ? "-export" : "")\(phase)"] }
        // Reactive power has no name for its direction: an inverter delivers it, a load draws it.
        let isInverter = readings.points["electrical/dc-power"] != nil
        return isBack == isInverter ? ["electrical/reactive-power\(phase)"] : []
    }

    private func expectTotal(
        _ totals: [String], of rate: String, per seconds: Double, _ readings: SimulatedReadings
    ) throws {
        func total(_ moment: Double) throws -> Measured {
            try totals.map { try #require(try readings.base($0, at: moment)) }.reduce(Measured(0, within: 0), +)
        }
        let rates = try stride(from: 0, through: Self.seconds, by: Self.step).map { moment in
            try #require(try readings.base(rate, at: moment))
        }
        let inner = rates.dropFirst().dropLast().reduce(0) { $0 + $1.value }
        let expected = (inner + (rates[0].value + rates[rates.count - 1].value) / 2) * Self.step / seconds
        let (begin, end) = (try total(0), try total(Self.seconds))
        // A total is cut off at each end; a rate is rounded; steps of 3 s see little of the quick ripple.
        let allowed =
            2 * (begin.error + end.error) + rates[0].error / 10 * Self.seconds / seconds + 0.002 * expected.magnitude
        #expect(
            (end.value - begin.value - expected).magnitude <= allowed,
            "\(totals) grew by \(end.value - begin.value), \(rate) makes \(expected), allowed is \(allowed)")
    }
}
