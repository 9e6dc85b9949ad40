package import KoppelCore

/// The common industrial data model as JSON (data model 3.11 and 3.12): the owner's own form, and the default.
package struct DataModelDialect: Dialect {
    private let agent: AgentDescription
    private let statusTopic: String
    private let machines: [PreparedMachine]
    private let indices: [MachineNumber: Int]
    /// Machines and signals that are gone, with those that stay: readings of them may still wait in the journal.
    private let remembered: [MachineNumber: PreparedMachine]
    /// Topics on which a broker may keep something of a machine or signal that is gone.
    private let retired: [String]
    private let revisions: OlderRevisions
    /// The machines of which Thing Description and asset shell are published, with the base of their topics.
    private let exported: [(machine: MachineDescription, base: String)]

    /// Renders everything that stays the same for these machines, so that messages only fill in numbers.
    ///
    /// `former` are the machines as they were before. Of what they retained, older descriptors stay, since messages may
    /// refer to them, and the rest is cleared at each connect where the present machines do not write. What was read of
    /// machines and signals that are gone is still delivered. With `exports` each machine's Thing Description and asset
    /// shell are published too, which name addresses in the owner's network: on the owner's own broker only.
    package init(
        agent: AgentDescription, machines: [MachineDescription], former: [MachineDescription] = [],
        form: TopicTree.Form = .levels, exports: Bool = false
    ) {
        self.agent = agent
        statusTopic = TopicTree.agentStatus(agent.id, location: agent.location)
        revisions = OlderRevisions(former, present: machines, form: form)
        exported = machines.filter { exports && $0.access != nil && !$0.signals.isEmpty }.map {
            ($0, TopicTree.machineBase($0.location, form: form))
        }
        let prepared = machines.map {
            PreparedMachine($0, agent: agent, form: form, hasExports: exports && $0.access != nil)
        }
        self.machines = prepared
        indices = Dictionary(machines.enumerated().map { ($1.number, $0) }, uniquingKeysWith: { first, _ in first })
        remembered = Self.remembered(former, present: machines).mapValues {
            PreparedMachine($0, agent: agent, form: form)
        }
        let written = Set(zip(machines, prepared).flatMap { $1.latestTopics(hasExports: exports && $0.access != nil) })
        let kept = former.flatMap {
            PreparedMachine($0, agent: agent, form: form).latestTopics(hasExports: exports || $0.access != nil)
        }
        retired = Set(kept).subtracting(written).sorted()
    }

    /// Each former machine as it is now, or last was, with every signal it ever had in this run.
    private static func remembered(
        _ former: [MachineDescription], present: [MachineDescription]
    ) -> [MachineNumber: MachineDescription] {
        let known = Set(former.map(\.number))
        return (former + present.filter { known.contains($0.number) })
            .reduce(into: [:]) { result, machine in
                let named = Set(machine.signals.map(\.number))
                let gone = result[machine.number]?.signals.filter { !named.contains($0.number) } ?? []
                var merged = machine
                merged.signals = (machine.signals + gone).sorted { $0.number < $1.number }
                result[machine.number] = merged
            }
    }

    package func will(session: String) -> OutgoingMessage {
        statusMessage(render { $0.offlineStatus(session: session) })
    }

    package func birth(_ status: AgentStatus) -> [OutgoingMessage] {
        [self.status(status)] + machines.flatMap(\.birth)
            + retired.map { OutgoingMessage(topic: $0, payload: [], retain: true) }
    }

    package func outdated(_ moment: ReferenceMoment) -> [String] { revisions.outdated(moment) }

    package func extra(at index: Int, _ moment: ReferenceMoment) -> OutgoingMessage? {
        guard index >= revisions.count else { return revisions.message(at: index, agent: agent, moment) }
        let index = index - revisions.count
        let kinds = ExportTopic.allCases
        guard index < exported.count * kinds.count else { return nil }
        let (machine, base) = exported[index / kinds.count]
        guard let device = ExportedDevice(machine) else { return nil }
        let kind = kinds[index % kinds.count]
        return OutgoingMessage(
            topic: base + kind.rawValue, payload: Array(kind.document(of: device).compact.utf8), retain: true,
            contentType: kind.contentType)
    }

    package func status(_ status: AgentStatus) -> OutgoingMessage {
        statusMessage(render { $0.onlineStatus(status, agent: agent) })
    }

    package func latest(
        _ reading: Reading, of machine: MachineNumber, rev: UInt32, epoch: UInt32, last: LastValue?
    ) -> OutgoingMessage? {
        guard let machine = indices[machine].map({ machines[$0] }) else { return nil }
        guard let signal = machine.index(of: reading.signal).map({ machine.signals[$0] }) else { return nil }
        let payload = render { $0.latest(reading, of: signal, rev: rev, epoch: epoch, last: last) }
        return OutgoingMessage(
            topic: signal.valueTopic, payload: payload, retain: true, contentType: DataModel.contentType)
    }

    package func latest(
        _ state: MachineState?, of machine: MachineNumber, rev: UInt32, epoch: UInt32
    ) -> OutgoingMessage? {
        guard let machine = indices[machine].map({ machines[$0] }) else { return nil }
        let payload = state.map { state in render { $0.state(state, of: machine, rev: rev, epoch: epoch) } }
        return OutgoingMessage(
            topic: machine.stateTopic, payload: payload ?? [], retain: true, contentType: DataModel.contentType)
    }

    package func latest(_ alarm: AlarmChange, of machine: MachineNumber, rev: UInt32) -> OutgoingMessage? {
        guard let machine = indices[machine].map({ machines[$0] }) else { return nil }
        let payload = alarm.isActive ? render { $0.alarm(alarm, of: machine, rev: rev) } : []
        return OutgoingMessage(
            topic: machine.alarmBase + alarm.code.description, payload: payload, retain: true,
            contentType: DataModel.contentType)
    }

    package func event(
        _ occurrence: Occurrence, of machine: MachineNumber, rev: UInt32, epoch: UInt32
    ) -> OutgoingMessage? {
        guard let machine = remembered[machine] ?? indices[machine].map({ machines[$0] }) else { return nil }
        switch occurrence {
        case .state(let state):
            guard let change = state.change else { return nil }
            return event("state-changed", of: machine) {
                $0.stateChanged(state, from: change, of: machine, rev: rev, epoch: epoch)
            }
        case .alarm(let alarm):
            return event("alarm", of: machine) { $0.alarmEvent(alarm, of: machine, rev: rev, epoch: epoch) }
        case .counter(let counter):
            return event("counter-reset", of: machine) {
                $0.counterReset(counter, of: machine, rev: rev, epoch: epoch)
            }
        case .window(let window):
            guard window.isClosed else { return nil }
            let payload = render { $0.window(window, of: machine, rev: rev) }
            return OutgoingMessage(
                topic: machine.windowTopic, payload: payload, retain: false, contentType: DataModel.contentType)
        case .numbered: return nil
        }
    }

    private func event(
        _ kind: String, of machine: PreparedMachine, _ body: (inout JSONWriter) -> Void
    ) -> OutgoingMessage {
        OutgoingMessage(
            topic: machine.eventBase + kind, payload: render(body), retain: false, contentType: DataModel.eventType)
    }

    package func batch(_ records: [StoredRecord], buffered: Bool) -> OutgoingMessage? {
        guard let number = records.first?.record.machine else { return nil }
        guard let machine = remembered[number] ?? indices[number].map({ machines[$0] }) else { return nil }
        let columns = BatchColumns(machine: machine, records: records)
        guard !columns.series.isEmpty else { return nil }
        // What a series and a reading usually take; the writer grows where this is too little.
        var json = JSONWriter(capacity: 512 + columns.series.count * 80 + columns.cells.count * 16)
        json.batch(columns, of: records, machine: machine, buffered: buffered)
        return OutgoingMessage(
            topic: machine.batchTopic, payload: json.bytes(), retain: false, contentType: DataModel.contentType)
    }

    package func figures(_ figures: WindowFigures) -> OutgoingMessage? {
        guard let machine = indices[figures.machine].map({ machines[$0] }) else { return nil }
        let payload = render { $0.figures(figures, of: machine) }
        return OutgoingMessage(
            topic: machine.batchTopic, payload: payload, retain: false, contentType: DataModel.contentType)
    }

    private func statusMessage(_ payload: [UInt8]) -> OutgoingMessage {
        OutgoingMessage(topic: statusTopic, payload: payload, retain: true, contentType: DataModel.contentType)
    }
}
