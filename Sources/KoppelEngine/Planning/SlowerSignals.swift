internal import KoppelCore

/// Looks for signals that need not be read so often, in words that go straight into the site file.
struct SlowerSignals {
    let prediction: LoadPrediction

    /// Intervals people choose, in seconds.
    private static let usualIntervals: [Double] = [
        0.1, 0.2, 0.25, 0.5, 1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400, 86_400,
    ]

    /// Nobody is helped by a signal that is read so much less often.
    private static let mostTimesLonger = 60.0

    /// Signals of one machine, or of all machines of one profile, that one pattern of the site file names.
    private struct Choice {
        let machines: [MachineSettings]
        let pattern: String
        /// Of one machine; they have the same interval.
        let points: Set<Int>
        let interval: Duration

        var signals: Int { points.count * machines.count }

        var isWholeMachine: Bool { points.count == machines[0].points.count(where: \.published) }

        /// `electrical/thd-* of main-meter`.
        var name: String {
            let what = pattern == "*" ? "every signal" : pattern
            if machines.count == 1 { return "\(what) of \(machines[0].id)" }
            return "\(what) of the \(machines.count) machines with profile \(machines[0].profile.id)"
        }
    }

    /// The choice that asks least of people: few signals, and not much slower.
    var longerInterval: String? {
        var best: (text: String, effort: Double)?
        for choice in choices {
            let now = choice.interval.inSeconds
            guard let (interval, result) = interval(for: choice) else { continue }
            // About the signals times the logarithm of how much slower they get.
            let times = interval / now
            let effort = Double(choice.signals) * (times.significand + Double(times.exponent))
            guard effort < best?.effort ?? .infinity else { continue }
            best = (
                "Read \(choice.name) every \(Duration.seconds(interval).short) instead of \(choice.interval.short): "
                    + "bus load \(result.percent).", effort
            )
        }
        return best?.text
    }

    /// The smallest choice that is enough when nothing of it is read any more.
    var switchedOff: String? {
        let enough = choices.filter { !$0.isWholeMachine }.map { ($0, load(changing: $0, to: nil)) }
            .filter { $0.1 <= BusLoad.comfortable }
        guard let (choice, result) = enough.min(by: { $0.0.signals < $1.0.signals }) else { return nil }
        return "Switch off \(choice.name) (\(choice.signals) \(choice.signals == 1 ? "signal" : "signals")): "
            + "bus load \(result.percent)."
    }

    /// Everything on the bus, when no part of it is enough: nothing more often than every so many seconds.
    var everythingSlower: String? {
        let timed = prediction.groups.map(\.row.interval).filter { $0 > .zero }
        guard let shortest = timed.min() else { return nil }
        let now = shortest.inSeconds
        for interval in Self.usualIntervals where interval > now && interval <= now * Self.mostTimesLonger {
            let result = load { max($0, .seconds(interval)) }
            guard result <= BusLoad.comfortable else { continue }
            return "Read nothing on this bus more often than every \(Duration.seconds(interval).short) (now "
                + "\(shortest.short)): bus load \(result.percent)."
        }
        guard let (factor, result) = factor else { return nil }
        return "Make every interval on this bus \(factor) times longer: bus load \(result.percent)."
    }

    /// How many times longer every interval has to be, as a whole number, and what load that gives.
    var factor: (times: Int, load: Double)? {
        let times = Int((prediction.load / BusLoad.comfortable).rounded(.up))
        guard times > 1, times <= 1_000 else { return nil }
        let result = load { $0 * times }
        return result <= BusLoad.comfortable ? (times, result) : nil
    }

    // MARK: Choices

    private var choices: [Choice] {
        var scopes = prediction.machines.map { [$0] }
        let alike = Dictionary(grouping: prediction.machines) { AlikeMachines(machine: $0) }
        scopes += alike.values.filter { $0.count > 1 }.sorted { $0[0].id < $1[0].id }
        return scopes.flatMap { machines -> [Choice] in
            // Without all of it, would there be room? Cheap to know, and mostly no.
            let others = prediction.load - machines.reduce(0) { $0 + prediction.load(of: $1.id) }
            guard others <= BusLoad.comfortable, let machine = machines.first else { return [] }
            return patterns(of: machine).map { pattern, points, interval in
                Choice(machines: machines, pattern: pattern, points: points, interval: interval)
            }
        }
    }

    /// `*`, `folder/*`, `folder/prefix-*` and single names, where all that they name has one interval above zero.
    private func patterns(of machine: MachineSettings) -> [(String, Set<Int>, Duration)] {
        var named: [String: Set<Int>] = [:]
        for index in machine.points.indices where machine.points[index].published {
            let name = machine.points[index].signal.description
            let folder = machine.points[index].signal.group
            named["*", default: []].insert(index)
            named["\(folder)/*", default: []].insert(index)
            named[name, default: []].insert(index)
            if let dash = name.dropFirst(folder.count).firstIndex(of: "-") {
                named["\(name[..<dash])-*", default: []].insert(index)
            }
        }
        return named.sorted { $0.key < $1.key }.compactMap { pattern, points in
            let intervals = Set(points.map { machine.points[$0].sampling.interval ?? machine.profile.interval })
            guard intervals.count == 1, let interval = intervals.first, interval > .zero else { return nil }
            return (pattern, points, interval)
        }
    }

    /// The shortest usual interval that brings the load down far enough.
    private func interval(for choice: Choice) -> (seconds: Double, load: Double)? {
        let now = choice.interval.inSeconds
        let usual = Self.usualIntervals.filter { $0 > now && $0 <= now * Self.mostTimesLonger }
        guard let longest = usual.last, load(changing: choice, to: .seconds(longest)) <= BusLoad.comfortable else {
            return nil
        }
        var low = 0
        var high = usual.count - 1
        while low < high {
            let middle = (low + high) / 2
            if load(changing: choice, to: .seconds(usual[middle])) <= BusLoad.comfortable {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return (usual[low], load(changing: choice, to: .seconds(usual[low])))
    }

    // MARK: Loads

    /// With the points of the choice at another interval, or not read at all. What other points need of them is read
    /// along all the same.
    private func load(changing choice: Choice, to interval: Duration?) -> Double {
        guard let machine = choice.machines.first else { return prediction.load }
        var changed = machine
        let scales = Set(machine.points.compactMap(\.scaleRegister))
        for index in choice.points {
            changed.points[index].sampling.interval = interval ?? choice.interval
            if interval == nil { changed.points[index].published = false }
        }
        if interval == nil {
            changed.points = changed.points.indices.filter {
                !choice.points.contains($0) || scales.contains(changed.points[$0].signal)
            }.map { changed.points[$0] }
        }
        // Machines that are alike cost the same, whatever their unit.
        let difference =
            LoadPrediction(machines: [changed], cost: prediction.cost).load - prediction.load(of: machine.id)
        return prediction.load + difference * Double(choice.machines.count)
    }

    /// With every interval above zero changed.
    private func load(_ longer: (Duration) -> Duration) -> Double {
        let changed = prediction.machines.map { machine in
            var machine = machine
            for index in machine.points.indices {
                let interval = machine.points[index].sampling.interval ?? machine.profile.interval
                if interval > .zero { machine.points[index].sampling.interval = longer(interval) }
            }
            return machine
        }
        return LoadPrediction(machines: changed, cost: prediction.cost).load
    }
}

/// What makes two machines cost their bus the same.
private struct AlikeMachines: Hashable {
    let profile: Identifier
    let version: String
    let points: [Point]

    init(machine: MachineSettings) {
        profile = machine.profile.id
        version = machine.profile.version
        points = machine.points
    }
}
