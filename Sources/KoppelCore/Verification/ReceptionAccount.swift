/// What an independent receiver has to say about all that reached it: per signal what came, what is missing and why.
///
/// It knows the messages of the data model and nothing of how they are made. A receiver begins in the middle: what was
/// sent before its first message is none of its business. Bounds: 50,000 signals and 1,000 agents; what is beyond is
/// counted, and makes the account unsound, since nobody looked at it.
package struct ReceptionAccount: Sendable {
    package struct Name: Hashable, Comparable, Sendable {
        /// The urn.
        package var machine: String
        package var signal: String

        package static func < (left: Name, right: Name) -> Bool {
            (left.machine, left.signal) < (right.machine, right.signal)
        }
    }

    package struct Agent: Hashable, Sendable {
        package var isOnline: Bool
        package var session: String
        /// How often it was seen to go offline.
        package var departures: UInt64 = 0
    }

    /// What cannot be one of our messages, or should be one and cannot be read.
    package enum Oddity: Hashable, Sendable {
        case foreign
        /// Why it cannot be read.
        case unreadable(String)
    }

    static let maximumSignals = 50_000
    static let maximumAgents = 1_000

    package private(set) var signals: [Name: SignalAccount] = [:]
    /// What people call a machine, by urn: the level of the topic before the message's own.
    package private(set) var labels: [String: String] = [:]
    /// By the topic before `/status`.
    package private(set) var agents: [String: Agent] = [:]
    package private(set) var messages: UInt64 = 0
    package private(set) var batches: UInt64 = 0
    /// Messages without our model; they are passed over.
    package private(set) var foreign: UInt64 = 0
    package private(set) var unreadable: UInt64 = 0
    /// The topic of the first that could not be read, and why.
    package private(set) var firstUnreadable: (topic: String, reason: String)?
    /// Readings that belong to signals for which there is no room.
    package private(set) var unaccounted: UInt64 = 0
    /// Messages that came and could not be looked at, or may have been missed while the receiver was away.
    package private(set) var absences: UInt64 = 0

    package init() {}

    /// No hole that was not declared, no conflict, and nothing that could not be looked at.
    package var isSound: Bool {
        unreadable == 0 && unaccounted == 0 && absences == 0 && signals.values.allSatisfy(\.isSound)
    }

    package var readings: UInt64 { total(\.readings) }
    package var missing: UInt64 { total(\.missing) }

    /// A sum over all series.
    package func total(_ figure: (SeriesAccount) -> UInt64) -> UInt64 {
        signals.values.reduce(0) { $0 + $1.series.values.reduce(0) { $0 + figure($1) } }
    }

    // MARK: What arrives

    package mutating func noteMessage() { messages += 1 }

    /// A batch; `label` is what the topic calls the machine.
    package mutating func take(_ batch: ReceivedBatch, label: String) {
        batches += 1
        if labels[batch.machine] == nil, labels.count < Self.maximumSignals { labels[batch.machine] = label }
        var places: [String: Name] = [:]
        for series in batch.series {
            let name = Name(machine: batch.machine, signal: series.signal)
            if makeRoom(for: name, aggregate: series.aggregate) { places[series.signal] = name }
        }
        // A declaration travels with the reading after the hole, so it has to be known first.
        for gap in batch.gaps {
            let name = Name(machine: batch.machine, signal: gap.signal)
            if makeRoom(for: name) { signals[name]?.declare(gap) }
        }
        for series in batch.series {
            if let name = places[series.signal] {
                signals[name]?.take(series, epoch: batch.epoch)
            } else {
                unaccounted += UInt64(series.samples.count)
            }
        }
    }

    private mutating func makeRoom(for name: Name, aggregate: String? = nil) -> Bool {
        if signals[name] == nil {
            guard signals.count < Self.maximumSignals else { return false }
            signals[name] = SignalAccount()
        }
        guard let aggregate else { return true }
        return signals[name]?.makeRoom(for: aggregate) ?? false
    }

    package mutating func take(status isOnline: Bool, session: String, of agent: String) {
        guard var known = agents[agent] else {
            guard agents.count < Self.maximumAgents else { return }
            agents[agent] = Agent(isOnline: isOnline, session: session)
            return
        }
        // The will of an earlier session says nothing about the one that runs.
        guard isOnline || session == known.session else { return }
        if known.isOnline, !isOnline { known.departures += 1 }
        (known.isOnline, known.session) = (isOnline, session)
        agents[agent] = known
    }

    package mutating func take(_ oddity: Oddity, topic: String) {
        switch oddity {
        case .foreign: foreign += 1
        case .unreadable(let reason):
            unreadable += 1
            if firstUnreadable == nil { firstUnreadable = (topic, reason) }
        }
    }

    /// The receiver was away, or was given more than it could take: what came then it cannot vouch for.
    package mutating func noteAbsence() { absences += 1 }
}
