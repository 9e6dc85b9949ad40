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

    /// What a device refused, so that the next round asks for it apart.
    package struct Known: Sendable {
        fileprivate var restrictions = ReadRestrictions()

        package init() {}

        fileprivate init(restrictions: ReadRestrictions) { self.restrictions = restrictions }
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
        /// What the device refused although all its signals could be read in other ways, one sentence each.
        package var remarks: [String]
        /// For the next round.
        package var known: Known
        /// The SunSpec models of its unit, if the profile asks for them and they were found.
        package var models: ModelChain?
        /// True if these are not the models that the profile reads.
        package var isOtherDevice: Bool

        package init(
            machine: Identifier, signals: [SignalNow], requests: Int, times: [Duration], failures: [String],
            remarks: [String] = [], known: Known = Known(), models: ModelChain? = nil, isOtherDevice: Bool = false
        ) {
            self.machine = machine
            self.signals = signals
            self.requests = requests
            self.times = times
            self.failures = failures
            self.remarks = remarks
            self.known = known
            self.models = models
            self.isOtherDevice = isOtherDevice
        }
    }

    /// After so many reads in a row without an answer the rest of a machine is not asked: it would only take time.
    private static let mostUnanswered = 3

    private let probe: RegisterProbe

    /// The probe is open, and stays the caller's to close.
    package init(_ probe: RegisterProbe) { self.probe = probe }

    /// Reads every signal of the machine once, and again in parts what the device refuses. Failures are in the result.
    ///
    /// `known` is what an earlier round of the same machine found out.
    package func read(_ machine: MachineSettings, known: Known = Known()) async -> MachineNow {
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
                return sweep.end(due)
            }
        }
        var round = SingleRound(
            located, due: due, cost: BusCost(probe.bus.endpoint), restrictions: known.restrictions)
        for problem in round.problems {
            sweep.failures.append(problem.description)
            for point in problem.points { sweep.fail(point, .configError) }
        }
        let timing = machine.profile.timing
        var unanswered = 0
        while !Task.isCancelled, let read = round.next() {
            sweep.asked(1)
            let reply = await probe.ask(
                read.request, timeout: timing.responseTimeout, pause: timing.pauseBeforeRequest ?? .zero)
            switch reply {
            case .answer(.words(let words), let elapsed):
                round.answered(read)
                sweep.take(words, after: elapsed, for: read)
                unanswered = 0
            case .answer(.exception(let exception), let elapsed):
                sweep.refused(read, exception, after: elapsed, bad: round.refused(read, exception))
                unanswered = 0
            case .failed(let error):
                sweep.failures.append(error.description)
                unanswered += 1
                let isSilent = unanswered == Self.mostUnanswered
                for failed in isSilent ? [read] + round.left : [read] {
                    for covered in failed.points { sweep.fail(covered.point, error.condition) }
                }
                guard isSilent else { continue }
                if !round.left.isEmpty { sweep.failures.append("\(round.left.count) more reads were not tried") }
                return sweep.end(due, round, models: models)
            }
        }
        return sweep.end(due, round, models: models)
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
    /// What was decoded so far: what a value needs may have come in an earlier answer.
    private var earlier: [Int: Decoded] = [:]

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

    func end(_ due: [Int], _ round: SingleRound? = nil, models: ModelChain? = nil) -> LiveReader.MachineNow {
        LiveReader.MachineNow(
            machine: machine.id, signals: inOrder(due: Set(due)), requests: requests, times: times,
            failures: failures, remarks: round?.remarks ?? [],
            known: LiveReader.Known(restrictions: round?.restrictions ?? ReadRestrictions()), models: models,
            isOtherDevice: isOtherDevice)
    }

    mutating func take(_ words: [UInt16], after elapsed: Duration, for read: PlannedRead) {
        times.append(elapsed)
        let decoder = BlockDecoder(
            points: machine.points, members: read.points.map(\.point), block: read.request.block)
        var decoded: [DecodedPoint] = []
        decoder.decode(words.span, earlier: earlier, into: &decoded)
        for (covered, result) in zip(read.points, decoded) {
            earlier[result.point] = result.decoded
            guard covered.isDue || signals[covered.point] == nil else { continue }
            var shown = result.decoded
            if machine.simulated, shown.condition == .good { shown.condition = .simulated }
            set(covered.point, Array(words[covered.words]), shown, elapsed)
        }
    }

    /// The device answered with an exception, and these points are bad because of it.
    mutating func refused(
        _ read: PlannedRead, _ exception: ModbusException, after elapsed: Duration, bad: [Int]
    ) {
        times.append(elapsed)
        guard !bad.isEmpty else { return }
        let named = bad.prefix(3).map { machine.points[$0].signal.description }.joined(separator: ", ")
        let others = bad.count > 3 ? " and \(bad.count - 3) more" : ""
        failures.append("\(read.request): the device answers with \(exception): \(named)\(others)")
        let isWhole = read.points.allSatisfy { !$0.isDue || bad.contains($0.point) }
        for covered in read.points where isWhole || bad.contains(covered.point) {
            fail(covered.point, Condition(exception), elapsed: elapsed)
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
