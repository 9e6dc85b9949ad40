internal import KoppelConfig
package import KoppelCore
internal import KoppelDialects
internal import KoppelEngine
internal import KoppelModbus

/// One signal from its topic back to its register (`koppel explain`): what is configured, and if the agent runs, what
/// it last heard.
package struct SignalExplanation: Sendable {
    package struct Destination: Sendable {
        package var id: Identifier
        /// The topics it gets the signal on, in words where none.
        package var topics: [String]
        package var policy: String
    }

    /// The last question of the running agent that holds the signal.
    package struct Latest: Sendable {
        package var line: TranscriptReplay.Line
        package var words: [UInt16]
        package var decoded: Decoded
    }

    package let machine: MachineSettings
    package let bus: BusSettings
    package let point: Point
    /// True if the signal is the running total that the agent makes of the point's counter.
    package let isTotal: Bool
    package let name: SignalName
    package let interval: Duration
    package let destinations: [Destination]
    /// The request that reads it when everything of its interval is due, and what is read with it; `nil` if no request
    /// can.
    package let request: ReadRequest?
    package let requestTime: Duration
    package let sharers: [SignalName]
    package let problem: String?
    /// What the unit taught of its registers; the plan goes around it.
    package let learned: [SitePlan.Learned]
    /// True if it is not asked for, since the unit refuses it: its reading is bad in each slot.
    package let isGivenUp: Bool
    /// Why it is not known what earlier runs have learned, if that is so.
    package let learnedProblem: String?
    /// Where the running agent found the SunSpec models of the unit; `nil` if that is not known, or not needed.
    package let models: ModelChain?

    /// `nil` if the machine publishes no such signal. With `models` the addresses are those of the device, else those of
    /// the profile. What the agent learned so far is in the `dataFolder`.
    package init?(
        signal name: SignalName, machine: MachineSettings, site: Site, models: ModelChain? = nil, dataFolder: String,
        now: Timestamp
    ) {
        let located = models.map { machine.located(in: $0) } ?? LocatedMachine(settings: machine)
        let machine = located.settings
        guard let bus = site.buses.first(where: { $0.id == machine.bus }) else { return nil }
        let published = PublishedSignals(points: machine.points).entries.first { $0.name == name }
        let index: Int
        switch published?.source {
        case .point(let place): (index, isTotal) = (place, false)
        case .total(let place): (index, isTotal) = (place, true)
        case nil:
            // A helper is read and not published; it can be explained all the same.
            guard let helper = machine.points.firstIndex(where: { $0.signal == name }) else { return nil }
            (index, isTotal) = (helper, false)
        }
        self.models = machine.profile.layout == nil ? nil : models
        self.machine = machine
        self.bus = bus
        self.name = name
        let point = machine.points[index]
        self.point = point
        interval = point.sampling.interval ?? machine.profile.interval
        let file = FactsFile(folder: dataFolder)
        let facts: [LearnedFact]
        do {
            (facts, learnedProblem) = (try file.read(now: now), nil)
        } catch {
            (facts, learnedProblem) = ([], "\(file.path): \(error)")
        }
        let learning = UnitLearning(machine: machine, facts: FactBoard(facts))
        let planner = ReadPlanner(located, cost: BusCost(bus.endpoint), restrictions: learning.restrictions)
        let span = planner.span(of: index)
        isGivenUp = learning.refusal(of: span) != nil
        learned = (span.map { learning.facts(about: $0) } ?? []).map { SitePlan.Learned($0, now: now) }
        let group = PollGroup.groups(of: machine).first { $0.points.contains(index) }
        let plan = planner.plan(
            (group?.points ?? [index]).filter { learning.refusal(of: planner.span(of: $0)) == nil })
        let read = plan.first { $0.points.contains { $0.point == index } }
        request = read?.request
        requestTime = read?.time ?? .zero
        sharers = (read?.points ?? []).map { machine.points[$0.point].signal }.filter { $0 != point.signal }
        problem =
            located.absent[index].map { Self.absence($0, of: point, in: located, models) }
            ?? planner.problems.first { $0.points.contains(index) }.map { "\($0)" }
        destinations = site.destinations.map { Self.destination($0, name, point, machine) }
    }

    private static func absence(
        _ condition: Condition, of point: Point, in located: LocatedMachine, _ models: ModelChain?
    ) -> String {
        if condition == .configError, let models { return "\(LayoutNews(models, for: located))" }
        let place = point.place.map { "model \($0.model), or not so much of it" } ?? "it"
        return "the device does not have \(place)"
    }

    private static func destination(
        _ settings: DestinationSettings, _ name: SignalName, _ point: Point, _ machine: MachineSettings
    ) -> Destination {
        if case .policy(let policy) = settings.share { return shared(settings, policy, name, point, machine) }
        let topics = TopicTree.topics(of: name, location: machine.location, form: settings.topics)
        var reached: [String] = []
        if settings.isServed, point.published, let node = settings.sparkplug {
            reached = ["\(SparkplugDialect.dataTopic(of: machine.id, node)), metric \(name)"]
        } else if settings.isServed, point.published {
            if settings.publish.contains(.values) { reached.append(topics.value) }
            if settings.publish.contains(.batches) { reached.append(topics.batch) }
        }
        let policy =
            switch settings.share {
            case .missingPolicy(let path): "closed: there is no policy \(path)"
            case .all, .policy: settings.isServed ? "share: all, the owner's own broker" : "not served yet"
            }
        return Destination(id: settings.id, topics: reached, policy: policy)
    }

    /// What a sharing policy makes of the signal. Pseudonyms are the running agent's own business.
    private static func shared(
        _ settings: DestinationSettings, _ policy: SharingPolicy, _ name: SignalName, _ point: Point,
        _ machine: MachineSettings
    ) -> Destination {
        if let refusal = policy.refusals.first {
            return Destination(id: settings.id, topics: [], policy: "closed: \(refusal)")
        }
        guard point.published, policy.enforcement.includes(name) else {
            return Destination(id: settings.id, topics: [], policy: "not named by the policy \(policy.path)")
        }
        var location = machine.location
        if policy.enforcement.pseudonymise.contains(.machine), let id = Identifier("pseudonym") {
            location = Array(location.prefix(2)) + [LocationLevel(level: "EquipmentModule", id: id)]
        }
        let topics = TopicTree.topics(of: name, location: location, form: settings.topics)
        var reached: [String] = []
        if settings.publish.contains(.values) { reached.append(topics.value) }
        if settings.publish.contains(.batches) { reached.append(topics.batch) }
        var words = "by the policy \(policy.path)"
        if let resolution = policy.enforcement.resolution {
            let functions = resolution.functions.map(\.rawValue).joined(separator: ", ")
            words += ": \(functions) of each \(resolution.window.iso8601)"
        }
        return Destination(id: settings.id, topics: reached, policy: words)
    }

    /// The state of the machine and the alarms that the profile makes of this signal, in words.
    package var uses: [String] {
        var uses = machine.profile.alarms.filter { $0.signal == point.signal }.map { "alarm \($0.code)" }
        let stateSignals = machine.profile.stateRule.map { StateLogic($0).signals } ?? []
        if stateSignals.contains(point.signal) { uses.insert("machine state", at: 0) }
        uses += machine.points.filter { $0.scaleRegister == point.signal }.map { "scale of \($0.signal)" }
        let judged = machine.points.filter { other in other.validWhen.contains { $0.signal == point.signal } }
        uses += judged.map { "whether \($0.signal) counts" }
        return uses
    }

    /// What the running agent last heard of this signal; `nil` if its ring of frames holds no such question.
    package func latest(from client: LocalClient) async throws(LocalClient.Failure) -> Latest? {
        let transcript = try client.frames(bus: bus.id).transcript
        let lines = await TranscriptReplay(transcript, points: machine.points).lines(unit: machine.unit)
        for line in lines.reversed() {
            guard let signal = line.signals.first(where: { $0.point.signal == point.signal }) else { continue }
            return Latest(line: line, words: signal.words, decoded: signal.decoded)
        }
        return nil
    }
}
