package import KoppelCore
internal import KoppelEngine

extension StatusDocument.Unit {
    /// `since` is when it came into its state; `moment` turns the agent's time into what the clock on the wall shows.
    init(_ figures: UnitFigures, since: Moment, moment: (Timestamp) -> Moment) {
        self.init(
            unit: figures.key.unit.rawValue, machines: figures.machines.map(\.description),
            state: figures.state.rawValue, since: since, requests: figures.requests, answers: figures.answers,
            timeouts: figures.timeouts, badFrames: figures.badFrames,
            exceptions: figures.exceptions.values.reduce(0, +), missedSlots: figures.missedSlots,
            load: figures.busyShare, medianMs: figures.medianResponse.map { $0.inSeconds * 1_000 },
            p999Ms: figures.slowestResponse.map { $0.inSeconds * 1_000 },
            timeoutMs: figures.timeout.inSeconds * 1_000, headroom: figures.headroom,
            lastError: figures.lastTrouble.map { "\($0)" }, lastErrorAt: figures.lastTrouble.map { moment($0.time) },
            sunspec: figures.models, layoutTrouble: figures.layoutTrouble)
    }
}

extension StatusDocument.Learned {
    init(_ fact: LearnedFact) {
        self.init(
            bus: fact.unit.bus.description, unit: fact.unit.unit.rawValue, fact: "\(fact)",
            since: Moment(fact.learned), until: Moment(fact.retry))
    }
}

extension StatusDocument {
    /// Where the SunSpec models of a machine's unit lie, as far as the running agent knows.
    package func models(of machine: MachineSettings) -> ModelChain? {
        buses.first { $0.id == machine.bus.description }?.units.first { $0.unit == machine.unit.rawValue }?.sunspec
    }
}
