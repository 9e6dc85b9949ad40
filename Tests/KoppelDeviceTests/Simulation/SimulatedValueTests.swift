import KoppelCore
import Testing

/// What holds for every signal of every device that `koppel simulate` can serve, found by its folder.
struct SimulatedValueTests {
    @Test(arguments: Device.all)
    func `each value is good all day: within its range, known by its state and never a sentinel`(
        _ device: Device
    ) throws {
        let readings = try SimulatedReadings(device)
        for point in readings.profile.points {
            for moment in momentsOfADay {
                let decoded = try readings.decoded(point, at: moment)
                #expect(decoded.condition == .good, "\(point.signal) at \(moment) s: \(decoded)")
                guard decoded.condition == .good else { break }
            }
        }
    }

    @Test(arguments: Device.all)
    func `no alarm is raised`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for rule in readings.profile.alarms {
            let point = try #require(readings.points[rule.signal.description])
            var logic = AlarmLogic(rule)
            for moment in momentsOfADay { _ = logic.take(try readings.decoded(point, at: moment)) }
            #expect(!logic.isActive, "\(rule.code)")
        }
    }

    @Test(arguments: Device.all)
    func `measurements move, but for what stands still in life`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        let scales = Set(readings.profile.points.compactMap(\.scaleRegister))
        for point in readings.profile.points where point.kind == .measurement && !scales.contains(point.signal) {
            guard !standsStill(point, readings) else { continue }
            let values = Set(try stride(from: 0.0, to: 3_600, by: 61).map { try readings.decoded(point, at: $0).value })
            #expect(values.count > 1, "\(point.signal): \(values)")
        }
    }

    @Test(arguments: Device.all)
    func `counters count, never fall and are no faster than their profile allows`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for name in readings.names(.counter) {
            let point = try #require(readings.points[name])
            let rule = try #require(point.counter)
            var last = (moment: 0.0, number: try #require(try readings.number(name, at: 0)))
            let first = last.number
            for moment in momentsOfADay.dropFirst() {
                let number = try #require(try readings.number(name, at: moment))
                #expect(number >= last.number, "\(name) fell at \(moment) s from \(last.number) to \(number)")
                let most =
                    (moment - last.moment) * rule.maxRatePerSecond + (try readings.step(point, number, at: moment))
                #expect(number - last.number <= most * 1.000_001, "\(name) at \(moment) s")
                last = (moment, number)
            }
            #expect(first >= 0)
            #expect(standsStill(point, readings) || last.number > first, "\(name) stands at \(first)")
        }
    }

    @Test(arguments: Device.all)
    func `nothing has happened: no fault code, no event`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for point in readings.profile.points where point.kind == .event {
            guard !["identity", "settings"].contains(String(point.signal.group)) else { continue }
            let values = Set(try momentsOfADay.map { try readings.decoded(point, at: $0).value?.number ?? 0 })
            #expect(values.count == 1 && values.allSatisfy { (0...9).contains($0) }, "\(point.signal): \(values)")
        }
    }

    @Test(arguments: Device.all)
    func `texts can be read`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for point in readings.profile.points where point.dataType == .string {
            guard case .text(let text)? = try readings.decoded(point, at: 1).value else {
                Issue.record("\(point.signal) has no text")
                continue
            }
            #expect(!text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(point.signal): \(text)")
        }
    }

    @Test(arguments: Device.all)
    func `temperatures, shares and frequencies are of this world`(_ device: Device) throws {
        let readings = try SimulatedReadings(device)
        for point in readings.profile.points where point.kind == .measurement {
            let plausible: ClosedRange<Double>? =
                switch point.unit?.ucum {
                case "Cel": 5...90
                case "%": -100...100
                case "Hz": 0...60
                case "V": 0...720
                case "A": -120...120
                case "bar": 0...10
                case "/min": -3_000...3_000
                default: nil
                }
            guard let plausible, point.signal.group != "settings" else { continue }
            for moment in momentsOfADay {
                let number = try #require(try readings.decoded(point, at: moment).value?.number)
                #expect(plausible.contains(number), "\(point.signal) at \(moment) s")
            }
        }
    }

    /// A load feeds nothing back and an inverter draws nothing, nothing is cooled or held back, what was highest was so
    /// before, and a device keeps its numbers and settings.
    private func standsStill(_ point: Point, _ readings: SimulatedReadings) -> Bool {
        let words = Set(point.signal.description.split { $0 == "-" || $0 == "/" })
        let still: Set<Substring> = [
            "identity", "settings", "reverse", "cooling", "connections", "absorbed", "q2", "q3", "q4", "throttling",
            "limit", "delay", "health", "capacity", "string", "module", "requested",
        ]
        let stillPairs: [Set<Substring>] = [["demand", "max"], ["charge", "max"], ["charge", "min"]]
        if !words.isDisjoint(with: still) || stillPairs.contains(where: words.isSuperset) { return true }
        let isInverter = readings.points["electrical/dc-power"] != nil
        return words.contains(isInverter ? "import" : "export")
    }
}
