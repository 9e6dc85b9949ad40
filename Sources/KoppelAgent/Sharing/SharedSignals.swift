package import KoppelCore
internal import KoppelEngine

/// Which signals of which machines a policy lets out, by the site file alone.
package struct SharedSignals: Sendable {
    package struct Machine: Sendable {
        package var id: Identifier
        package var signals: [SignalName]
        package var others: Int
    }

    /// Machines of which at least one signal is shared, in the order of the site file.
    package let machines: [Machine]
    /// How many machines nobody outside hears of.
    package let hidden: Int

    package init(_ site: Site, by policy: SharingPolicy) {
        let all = site.machines.map { machine in
            let names = PublishedSignals(points: machine.points).entries.map(\.name)
            let shared = names.filter(policy.enforcement.includes)
            return Machine(id: machine.id, signals: shared, others: names.count - shared.count)
        }
        machines = all.filter { !$0.signals.isEmpty }
        hidden = all.count - machines.count
    }
}
