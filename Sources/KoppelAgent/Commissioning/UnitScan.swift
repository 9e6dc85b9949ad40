package import KoppelCore
internal import KoppelEngine

/// Asks every unit of a list once and tells who answers (`koppel scan`).
///
/// One request at a time; it never writes. Each unit gets one read of one holding register: an exception is an answer
/// too, so it does not matter whether that register exists. Units that answer are then asked for the telling points
/// of the profiles. A share below 1 leaves the rest of the bus time to others (field rule P27).
package struct UnitScan: Sendable {
    /// Reads for profiles that one unit gets at most; the whole library takes fewer, so that no profile is left out.
    package static let mostProfileReads = 240
    /// A unit that says nothing to registers it lacks is asked no further after so many reads without an answer: each
    /// costs a whole timeout.
    package static let mostUnansweredReads = 8

    /// What is about to happen, to be told before it does.
    package struct Preview: Sendable {
        package var units: Int
        /// If every unit answers at once, and if none does.
        package var least: Duration
        package var most: Duration
    }

    package struct Answer: Sendable {
        package var unit: UnitID
        package var outcome: ReadOutcome
        package var elapsed: Duration
        /// Best first.
        package var fits: [ProfileFit.Verdict]
        /// The SunSpec models it says it has.
        package var models: ModelChain?
    }

    package struct Outcome: Sendable {
        package var answers: [Answer] = []
        /// Units that sent something that is no answer, with what is wrong with it.
        package var broken: [(unit: UnitID, error: BusError)] = []
        /// Gateways that said themselves that nobody is there (exceptions 10 and 11).
        package var absent: [UnitID] = []
        package var silent: [UnitID] = []
        package var requests = 0
        package var elapsed = Duration.zero
        /// Set if the bus could not go on; the rest was not asked.
        package var end: BusError?
    }

    private let probe: RegisterProbe
    private let units: [UnitID]
    private let share: Double
    private let profiles: [ProfileFit]

    /// - Parameters:
    ///   - probe: On an open bus, whose timeout is how long each unit is waited for.
    ///   - units: Whom to ask, in this order.
    ///   - share: The part of the bus time that may be taken, above 0 up to 1.
    ///   - profiles: What to compare answers with.
    package init(probe: RegisterProbe, units: [UnitID], share: Double, profiles: [ProfileFit]) {
        self.probe = probe
        self.units = units
        self.share = share
        self.profiles = profiles
    }

    /// The bus time for the first question to each unit; looking for profiles comes on top, for those that answer.
    package static func preview(bus: BusSettings, units: Int, share: Double) -> Preview {
        let cost = BusCost(bus.endpoint)
        let one = cost.time(of: .holdingRegister, count: 1)
        return Preview(
            units: units, least: one * units / share, most: (bus.timeout + cost.overhead) * units / share)
    }

    /// Asks them all.
    ///
    /// - Parameter tell: Called before each unit with its place in the list.
    /// - Returns: What was found until the end, or until the bus could not go on.
    /// - Throws: `CancellationError` only.
    package func run(tell: @Sendable (Int, UnitID) -> Void) async throws -> Outcome {
        var outcome = Outcome()
        let begin = ContinuousClock.now
        for (place, unit) in units.enumerated() {
            tell(place, unit)
            guard let first = ReadRequest(unit: unit, table: .holdingRegister, start: 0, count: 1) else { continue }
            switch try await ask(first, &outcome) {
            case .answer(.exception(let exception), _) where exception.code == 10 || exception.code == 11:
                outcome.absent.append(unit)
            case .answer(let answer, let elapsed):
                var walk: RegisterProbe.Walk?
                if profiles.contains(where: { $0.layout != nil }) {
                    walk = try await RegisterProbe.walk(unit) { try await ask($0, &outcome) }
                }
                var models: ModelChain?
                let fits: [ProfileFit.Verdict]
                if case .found(let chain) = walk?.end {
                    models = chain
                    fits = ProfileFit.ranked(profiles.compactMap { $0.verdict(chain) })
                } else {
                    fits = try await self.fits(unit, &outcome, walk?.unanswered ?? 0)
                }
                outcome.answers.append(
                    Answer(unit: unit, outcome: answer, elapsed: elapsed, fits: fits, models: models))
            case .failed(let error):
                switch error.kind {
                case .timeout: outcome.silent.append(unit)
                case .badFrame: outcome.broken.append((unit, error))
                // A server that hangs up on a unit it does not know may still know others.
                case .linkDown where error.request != nil: outcome.silent.append(unit)
                default: outcome.end = error
                }
            }
            if outcome.end != nil { break }
        }
        outcome.elapsed = .now - begin
        return outcome
    }

    private func fits(
        _ unit: UnitID, _ outcome: inout Outcome, _ before: Int
    ) async throws -> [ProfileFit.Verdict] {
        var requests: [ReadRequest] = []
        for profile in profiles {
            for request in profile.requests(unit: unit) where !requests.contains(request) { requests.append(request) }
        }
        var words: [ReadRequest: [UInt16]] = [:]
        var unanswered = before
        for request in requests.prefix(Self.mostProfileReads) where unanswered < Self.mostUnansweredReads {
            switch try await ask(request, &outcome) {
            case .answer(.words(let answer), _): words[request] = answer
            case .answer(.exception, _): break
            case .failed: unanswered += 1
            }
        }
        return ProfileFit.ranked(profiles.compactMap { $0.verdict(words, unit: unit) })
    }

    private func ask(_ request: ReadRequest, _ outcome: inout Outcome) async throws -> RegisterProbe.Reply {
        let begin = ContinuousClock.now
        let reply = await probe.ask(request)
        outcome.requests += 1
        let pause = (ContinuousClock.now - begin) * (1 / share - 1)
        if pause > .zero { try await ContinuousClock().sleep(for: pause) }
        return reply
    }
}
