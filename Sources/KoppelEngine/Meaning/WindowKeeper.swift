internal import KoppelCore

/// The window of one machine that is open: how long each state lasted, what was counted, what was used.
struct WindowKeeper: Sendable {
    /// How often the open window is stored, so that a crash costs no more of it.
    private static let checkpointEvery = Duration.seconds(60)

    private var logic: WindowLogic
    private var counts: [AmountLogic]
    private var energy: [AmountLogic]
    /// Which point each amount is taken from, and whether by its power.
    private let countPoints: [Int]
    private let energySources: [WindowAmounts.Source]
    private let hasState: Bool
    private var storedAt = Duration.zero

    /// `nil` if a window of this machine would say nothing. `totals` are the running totals as they were stored last, by
    /// the point of their counter.
    init?(
        settings: MachineSettings, watched: [WatchedPoint], length: Duration, time: Timestamp, memory: MachineWindow?,
        totals: [Int: Double]
    ) {
        let countSources = WindowAmounts.counts(of: settings.points)
        energySources = WindowAmounts.energy(of: settings.points)
        countPoints = countSources.map(\.point)
        hasState = settings.profile.stateRule != nil
        guard hasState || !countSources.isEmpty || !energySources.isEmpty else { return nil }
        let ages = Dictionary(watched.map { ($0.point, $0.ages.stale) }, uniquingKeysWith: max)
        // All that is watched counts as contact, so what is read most often says when it is lost.
        logic = WindowLogic(
            length: length, patience: ages.values.min() ?? .seconds(2), now: .zero, time: time, open: memory)
        counts = countSources.map {
            AmountLogic(
                name: $0.name, unit: $0.unit, factor: $0.factor, patience: ages[$0.point] ?? .seconds(2),
                isSimulated: settings.simulated)
        }
        energy = energySources.map {
            AmountLogic(
                name: $0.name, unit: $0.unit, factor: $0.factor, patience: ages[$0.point] ?? .seconds(2),
                isSimulated: settings.simulated)
        }
        guard let memory, memory.start == logic.start, memory.end == logic.end else { return }
        for (index, source) in countSources.enumerated() {
            guard let amount = memory.counts.first(where: { $0.name == source.name }) else { continue }
            counts[index].resume(amount, total: totals[source.point])
        }
        for (index, source) in energySources.enumerated() {
            guard let amount = memory.energy.first(where: { $0.name == source.name }) else { continue }
            energy[index].resume(amount, total: totals[source.point])
        }
    }

    /// The points it needs.
    static func points(of settings: MachineSettings) -> [Int] {
        (WindowAmounts.counts(of: settings.points) + WindowAmounts.energy(of: settings.points)).map(\.point)
    }

    /// The start of the window that is open.
    var start: Timestamp { logic.start }

    /// The machine has answered, and gives the window that ended, if one did. `held` is the state that held until now.
    mutating func answered(
        now: Duration, time: Timestamp, held: (what: StateRule.MappedState, isKnown: Bool)
    ) -> MachineWindow? {
        let closed = logic.answered(at: now, time, what: held.what, isKnown: !hasState || held.isKnown)
        return closed.map { take($0, isClosed: true) }
    }

    /// What was read of a point that is counted.
    mutating func take(_ shown: Decoded, of point: Int, counted: SignalTracker.Counted?, now: Duration) {
        for index in countPoints.indices where countPoints[index] == point {
            take(counted, now: now, into: &counts[index])
        }
        for index in energySources.indices where energySources[index].point == point {
            if energySources[index].isIntegral {
                energy[index].integrated(shown.value?.number, now: now)
            } else {
                take(counted, now: now, into: &energy[index])
            }
        }
    }

    private func take(_ counted: SignalTracker.Counted?, now: Duration, into amount: inout AmountLogic) {
        guard let counted else { return amount.lost() }
        amount.counted(counted.step, total: counted.total?.number, now: now)
    }

    /// The machine has not answered; a window can end all the same.
    mutating func passed(now: Duration, time: Timestamp) -> MachineWindow? {
        guard let closed = logic.passed(to: now, time) else { return nil }
        for index in counts.indices { counts[index].lost() }
        for index in energy.indices { energy[index].lost() }
        return take(closed, isClosed: true)
    }

    /// The open window, as often as it is worth storing.
    mutating func checkpoint(now: Duration, isDue: Bool = false) -> MachineWindow? {
        guard isDue || now - storedAt >= Self.checkpointEvery else { return nil }
        storedAt = now
        return take(logic.open, isClosed: false)
    }

    private mutating func take(_ window: WindowLogic.Closed, isClosed: Bool) -> MachineWindow {
        let countsSoFar = counts.map(\.amount)
        let result = MachineWindow(
            start: window.start, end: window.end, isClosed: isClosed, shares: window.shares,
            counts: isClosed ? AmountLogic.completed(countsSoFar) : countsSoFar, energy: energy.map(\.amount),
            covered: window.covered)
        if isClosed {
            for index in counts.indices { counts[index].begin() }
            for index in energy.indices { energy[index].begin() }
        }
        return result
    }
}
