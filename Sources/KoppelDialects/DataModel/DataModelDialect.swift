package import KoppelCore

/// The common industrial data model as JSON (data model 3.11 and 3.12): the owner's own form, and the default.
package struct DataModelDialect: Dialect {
    private let agent: AgentDescription
    private let statusTopic: String
    private let machines: [PreparedMachine]
    private let indices: [MachineNumber: Int]
    /// Topics on which a broker may keep something of a machine or signal that is gone.
    private let retired: [String]

    /// Renders everything that stays the same for these machines, so that messages only fill in numbers.
    ///
    /// `former` are the machines as they were before. Of what they retained, older descriptors stay, since messages may
    /// refer to them, and the rest is cleared at each connect where the present machines do not write.
    package init(agent: AgentDescription, machines: [MachineDescription], former: [MachineDescription] = []) {
        self.agent = agent
        statusTopic = TopicTree.agentStatus(agent.id, location: agent.location)
        self.machines = machines.map { PreparedMachine($0, agent: agent) }
        indices = Dictionary(machines.enumerated().map { ($1.number, $0) }, uniquingKeysWith: { first, _ in first })
        let written = Set(self.machines.flatMap(\.latestTopics))
        retired = Set(former.flatMap { PreparedMachine($0, agent: agent).latestTopics }).subtracting(written).sorted()
    }

    package func will(session: String) -> OutgoingMessage {
        statusMessage(render { $0.offlineStatus(session: session) })
    }

    package func birth(_ status: AgentStatus) -> [OutgoingMessage] {
        [self.status(status)] + machines.flatMap(\.birth)
            + retired.map { OutgoingMessage(topic: $0, payload: [], retain: true) }
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

    package func batch(_ records: [StoredRecord], buffered: Bool) -> OutgoingMessage? {
        guard let first = records.first, let index = indices[first.record.machine] else { return nil }
        let machine = machines[index]
        let columns = BatchColumns(machine: machine, records: records)
        guard !columns.series.isEmpty else { return nil }
        // What a series and a reading usually take; the writer grows where this is too little.
        var json = JSONWriter(capacity: 512 + columns.series.count * 80 + columns.cells.count * 16)
        json.batch(columns, of: records, machine: machine, buffered: buffered)
        return OutgoingMessage(
            topic: machine.batchTopic, payload: json.bytes(), retain: false, contentType: DataModel.contentType)
    }

    private func statusMessage(_ payload: [UInt8]) -> OutgoingMessage {
        OutgoingMessage(topic: statusTopic, payload: payload, retain: true, contentType: DataModel.contentType)
    }
}
