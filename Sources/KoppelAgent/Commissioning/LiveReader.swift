package import KoppelCore
internal import KoppelEngine

/// Reads machines of one bus once, over an open bus and with the planner and decoder of the agent (`koppel read`).
package struct LiveReader: Sendable {
    /// What one signal says now.
    package struct SignalNow: Sendable {
        package var point: Point
        /// The registers or bits of the signal; empty if the read failed.
        package var words: [UInt16]
        package var decoded: Decoded
        /// From sending the request that holds the signal to its whole answer; `nil` if there was none.
        package var elapsed: Duration?
        /// True if it is read only because others need it, as a scale register.
        package var isHelper: Bool

        package init(point: Point, words: [UInt16], decoded: Decoded, elapsed: Duration?, isHelper: Bool) {
            self.point = point
            self.words = words
            self.decoded = decoded
            self.elapsed = elapsed
            self.isHelper = isHelper
        }
    }

    /// What a machine says now.
    package struct MachineNow: Sendable {
        package var machine: Identifier
        /// In the order of the profile.
        package var signals: [SignalNow]
        package var requests: Int
        /// How long each answer took, refusals too, in the order of the requests.
        package var times: [Duration]
        /// One sentence for each read that failed, and for signals that no request can read.
        package var failures: [String]
        /// The SunSpec models of its unit, if the profile asks for them and they were found.
        package var models: ModelChain?
        /// True if these are not the models that the profile reads.
        package var isOtherDevice: Bool

        package init(
            machine: Identifier, signals: [SignalNow], requests: Int, times: [Duration], failures: [String],
            models: ModelChain? = nil, isOtherDevice: Bool = false
        ) {
            self.machine = machine
            self.signals = signals
            self.requests = requests
            self.times = times
            self.failures = failures
            self.models = models
            self.isOtherDevice = isOtherDevice
        }
    }

    /// After so many reads in a row without an answer the rest of a machine is not asked: it would only take time.
    private static let mostUnanswered = 3

    private let probe: RegisterProbe

    /// The probe is open, and stays the caller's to close.
    package init(_ probe: RegisterProbe) { self.probe = probe }

    /// Reads every signal of the machine once. Failures are in the result.
    package func read(_ machine: MachineSettings) async -> MachineNow {
        let due = PollGroup.groups(of: machine).flatMap(\.points)
        var sweep = Sweep(machine: machine)
        var located = LocatedMachine(settings: machine)
        var models: ModelChain?
        if machine.profile.layout != nil {
            let walk = await probe.walk(machine.unit, machine.profile.timing)
            sweep.asked(walk.requests, walk.times)
            switch walk.end {
            case .found(let chain):
                (located, models) = (machine.located(in: chain), chain)
                sweep.locate(located, LayoutNews(chain, for: located))
            case .noMarker:
                located = .unlocated(machine)
                sweep.locate(located, .noMarker)
            case .failed(let error):
                sweep.failures.append(error.description)
                for point in due { sweep.fail(point, error.condition) }
                return sweep.end(due: Set(due), models: nil)
            }
        }
        let planner = ReadPlanner(located, cost: BusCost(probe.bus.endpoint))
        let plan = planner.plan(due)
        for problem in planner.problems {
            sweep.failures.append(problem.description)
            for point in problem.points { sweep.fail(point, .configError) }
        }
        var unanswered = 0
        reads: for (index, read) in plan.enumerated() where !Task.isCancelled {
            let timing = machine.profile.timing
            let reply = await probe.ask(
                read.request, timeout: timing.responseTimeout, pause: timing.pauseBeforeRequest ?? .zero)
            switch reply {
            case .answer(let outcome, let elapsed):
                sweep.take(outcome, after: elapsed, for: read)
                unanswered = 0
            case .failed(let error):
                sweep.failures.append(error.description)
                unanswered += 1
                let isSilent = unanswered == Self.mostUnanswered
                for failed in isSilent ? plan[index...] : plan[index...index] {
                    for covered in failed.points { sweep.fail(covered.point, error.condition) }
                }
                guard isSilent else { continue reads }
                let left = plan.count - index - 1
                if left > 0 { sweep.failures.append("\(left) more reads were not tried") }
                break reads
            }
        }
        sweep.asked(plan.count)
        return sweep.end(due: Set(due), models: models)
    }
}

/// What has been read of one machine so far.
private struct Sweep {
    /// As it lies in the device.
    private(set) var machine: MachineSettings
    var failures: [String] = []
    private var requests = 0
    private var isOtherDevice = false
    private var times: [Duration] = []
    private var signals: [Int: LiveReader.SignalNow] = [:]
    private var scales: [Int: Decoded] = [:]

    init(machine: MachineSettings) { self.machine = machine }

    mutating func asked(_ count: Int, _ times: [Duration] = []) {
        requests += count
        self.times += times
    }

    /// The machine's registers were found, or some were not.
    mutating func locate(_ located: LocatedMachine, _ news: LayoutNews) {
        machine = located.settings
        isOtherDevice = !located.missing.isEmpty
        if case .found = news {} else { failures.append("\(news)") }
        for (point, condition) in located.absent { fail(point, condition) }
    }

    func end(due: Set<Int>, models: ModelChain?) -> LiveReader.MachineNow {
        LiveReader.MachineNow(
            machine: machine.id, signals: inOrder(due: due), requests: requests, times: times, failures: failures,
            models: models, isOtherDevice: isOtherDevice)
    }

    mutating func take(_ outcome: ReadOutcome, after elapsed: Duration, for read: PlannedRead) {
        times.append(elapsed)
        guard case .words(let words) = outcome else {
            guard case .exception(let exception) = outcome else { return }
            failures.append("\(read.request): the device answers with \(exception)")
            for covered in read.points { fail(covered.point, Condition(exception), elapsed: elapsed) }
            return
        }
        let decoder = BlockDecoder(
            points: machine.points, members: read.points.map(\.point), block: read.request.block)
        var decoded: [DecodedPoint] = []
        decoder.decode(words.span, earlierScales: scales, into: &decoded)
        for (covered, result) in zip(read.points, decoded) {
            scales[result.point] = result.decoded
            guard covered.isDue || signals[covered.point] == nil else { continue }
            var shown = result.decoded
            if machine.simulated, shown.condition == .good { shown.condition = .simulated }
            set(covered.point, Array(words[covered.words]), shown, elapsed)
        }
    }

    mutating func fail(_ point: Int, _ condition: Condition, elapsed: Duration? = nil) {
        guard signals[point] == nil else { return }
        set(point, [], .bad(condition), elapsed)
    }

    private mutating func set(_ point: Int, _ words: [UInt16], _ decoded: Decoded, _ elapsed: Duration?) {
        signals[point] = LiveReader.SignalNow(
            point: machine.points[point], words: words, decoded: decoded, elapsed: elapsed, isHelper: false)
    }

    private func inOrder(due: Set<Int>) -> [LiveReader.SignalNow] {
        signals.sorted { $0.key < $1.key }.map { index, signal in
            var signal = signal
            signal.isHelper = !due.contains(index) || !signal.point.published
            return signal
        }
    }
}
