internal import KoppelCore
internal import Logging
internal import Synchronization

/// What all units of a site have taught, shared between the buses: each unit writes down its own facts and takes over
/// those of others of its model.
///
/// Bounded: ``LearnedFact/mostPerUnit`` facts for each unit that is polled or that the fact file knew.
package final class FactBoard: Sendable {
    private let state: Mutex<[UnitOnBus: [LearnedFact]]>
    private let changes = Atomic<Int>(0)

    /// - Parameter facts: What earlier runs have learned.
    package init(_ facts: [LearnedFact] = []) {
        let byUnit = Dictionary(grouping: facts, by: \.unit)
        state = Mutex(byUnit.mapValues { Array($0.prefix(LearnedFact.mostPerUnit)) })
    }

    /// Rises with each change, so that looking for news costs next to nothing.
    package var revision: Int { changes.load(ordering: .acquiring) }

    /// Everything known now, by bus, unit and address: an immutable picture for the status, and for the fact file.
    package var facts: [LearnedFact] {
        state.withLock { $0.values.flatMap(\.self) }.sorted { $0.place < $1.place }
    }

    /// What one unit knows, and what others of its model do.
    package func facts(of unit: UnitOnBus, model: DeviceModel) -> (own: [LearnedFact], others: [LearnedFact]) {
        state.withLock { state in
            let own = (state[unit] ?? []).filter { $0.model == model }
            let others = state.filter { $0.key != unit }.values.flatMap(\.self).filter { $0.model == model }
            return (own, others.sorted { $0.place < $1.place })
        }
    }

    /// Puts the facts of a unit in place of what was known of it.
    package func publish(_ facts: [LearnedFact], of unit: UnitOnBus) {
        let known = state.withLock { state in
            let known = state[unit] ?? []
            state[unit] = facts.isEmpty ? nil : Array(facts.prefix(LearnedFact.mostPerUnit))
            return known
        }
        guard known != facts else { return }
        changes.add(1, ordering: .releasing)
        for fact in facts where !known.contains(where: { $0.isAboutSame(as: fact.kind) }) {
            Logger.current.notice(
                "A unit refuses what its profile promises; it is read around that from now on",
                metadata: ["bus": "\(unit.bus)", "modbus.unit": "\(unit.unit.rawValue)", "error": "\(fact)"])
        }
    }

    /// Tells what a machine has learned, and hands it what is new.
    package func exchange(_ machine: inout PolledMachine) {
        if let facts = machine.takeLessons() { publish(facts, of: machine.learning.unit) }
        let revision = revision
        guard machine.seenFacts != revision else { return }
        machine.seenFacts = revision
        machine.presume(facts(of: machine.learning.unit, model: machine.learning.model).others)
    }
}

extension LearnedFact {
    /// For a fixed order: bus, unit, table, address.
    fileprivate var place: (String, UInt8, UInt8, Int) {
        let first = kind.span.map { Int($0.addresses.lowerBound) } ?? -1
        return (unit.bus.description, unit.unit.rawValue, kind.table.rawValue, first)
    }
}
