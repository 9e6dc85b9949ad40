package import KoppelCore
internal import SwiftProtobuf

/// Sparkplug B 3.0 for one edge node, this agent, whose devices are its machines (data model 3.13).
///
/// It uses aliases and properties, and neither data sets nor templates.
package struct SparkplugDialect: EdgeNodeDialect {
    private let topics: SparkplugTopics
    private let version: String
    private let devices: [MachineNumber: SparkplugDevice]
    private let nodeMetrics: NodeMetrics
    package let machines: [MachineNumber]

    /// What the node reports of itself besides bdSeq and Rebirth, which have no alias.
    private struct NodeMetrics: Sendable {
        let version: SparkplugDevice.Metric
        let session: SparkplugDevice.Metric
        let clock: SparkplugDevice.Metric
        let dropped: SparkplugDevice.Metric
    }

    /// Group and edge node id, and the primary host, come from `settings`.
    package init(_ settings: SparkplugSettings, agent: AgentDescription, machines: [MachineDescription]) {
        topics = SparkplugTopics(group: settings.group, node: settings.node, primaryHost: settings.primaryHost)
        version = agent.version
        var devices: [MachineNumber: SparkplugDevice] = [:]
        var alias: UInt64 = 1
        for machine in machines {
            let device = SparkplugDevice(machine, firstAlias: alias)
            devices[machine.number] = device
            alias = device.nextAlias
        }
        self.devices = devices
        self.machines = machines.map(\.number)
        func node(_ name: String, _ type: SparkplugType, _ place: UInt64) -> SparkplugDevice.Metric {
            SparkplugDevice.Metric(name: "Koppel/\(name)", alias: alias + place, type: type)
        }
        nodeMetrics = NodeMetrics(
            version: node("Version", .string, 0), session: node("Session", .string, 1),
            clock: node("Clock", .string, 2), dropped: node("Dropped", .uint64, 3))
    }

    /// Where the data of a machine goes.
    package static func dataTopic(of machine: Identifier, _ settings: SparkplugSettings) -> String {
        SparkplugTopics(group: settings.group, node: settings.node, primaryHost: nil).device("DDATA", machine)
    }

    package var filters: [String] { [topics.commands] + (topics.hostState.map { [$0] } ?? []) }

    // MARK: Node

    /// The death has no seq. Its QoS is 1 as the specification asks of the will.
    package func nodeDeath(bdSeq: UInt8, at time: Timestamp) -> OutgoingMessage {
        var payload = SparkplugPayload()
        payload.timestamp = milliseconds(time)
        payload.metrics = [birthNumber(bdSeq, at: time)]
        return OutgoingMessage(topic: topics.node("NDEATH"), payload: bytes(payload), qos: 1, retain: false)
    }

    package func nodeBirth(_ node: EdgeNodeStatus, bdSeq: UInt8, _ stamp: EdgeNodeStamp) -> OutgoingMessage {
        var rebirth = SparkplugPayload.Metric()
        rebirth.name = Self.rebirth
        rebirth.timestamp = milliseconds(stamp.time)
        rebirth.datatype = SparkplugType.boolean.rawValue
        rebirth.value = .booleanValue(false)
        let own = values(of: node).map { metric, value in
            var born = data(metric, value, at: stamp.time)
            born.name = metric.name
            born.datatype = metric.type.rawValue
            return born
        }
        return message(topics.node("NBIRTH"), [birthNumber(bdSeq, at: stamp.time), rebirth] + own, stamp)
    }

    package func nodeData(
        _ node: EdgeNodeStatus, before: EdgeNodeStatus, _ stamp: EdgeNodeStamp
    ) -> OutgoingMessage? {
        let changed = zip(values(of: node), values(of: before)).filter { $0.1 != $1.1 }
            .map { now, _ in data(now.0, now.1, at: stamp.time) }
        return changed.isEmpty ? nil : message(topics.node("NDATA"), changed, stamp)
    }

    private func values(of node: EdgeNodeStatus) -> [(SparkplugDevice.Metric, Value)] {
        [
            (nodeMetrics.version, .text(version)), (nodeMetrics.session, .text(node.session)),
            (nodeMetrics.clock, .text(node.clock.name)), (nodeMetrics.dropped, .uint(node.dropped)),
        ]
    }

    private func data(_ metric: SparkplugDevice.Metric, _ value: Value, at time: Timestamp) -> SparkplugPayload.Metric {
        var told = SparkplugPayload.Metric()
        told.alias = metric.alias
        told.timestamp = milliseconds(time)
        if let field = metric.type.field(value) { told.value = field } else { told.isNull = true }
        return told
    }

    private func birthNumber(_ bdSeq: UInt8, at time: Timestamp) -> SparkplugPayload.Metric {
        var metric = SparkplugPayload.Metric()
        metric.name = "bdSeq"
        metric.timestamp = milliseconds(time)
        metric.datatype = SparkplugType.int64.rawValue
        metric.value = .longValue(UInt64(bdSeq))
        return metric
    }

    // MARK: Devices

    package func deviceBirth(
        _ machine: MachineNumber, _ data: [DeviceDatum], _ stamp: EdgeNodeStamp
    ) -> OutgoingMessage? {
        guard let device = devices[machine] else { return nil }
        return message(topics.device("DBIRTH", device.id), device.birthMetrics(data, at: stamp.time), stamp)
    }

    package func deviceData(
        _ machine: MachineNumber, _ data: [DeviceDatum], _ stamp: EdgeNodeStamp
    ) -> OutgoingMessage? {
        guard let device = devices[machine] else { return nil }
        let metrics = data.flatMap { device.dataMetrics($0) }
        return metrics.isEmpty ? nil : message(topics.device("DDATA", device.id), metrics, stamp)
    }

    package func deviceDeath(_ machine: MachineNumber, _ stamp: EdgeNodeStamp) -> OutgoingMessage? {
        devices[machine].map { message(topics.device("DDEATH", $0.id), [], stamp) }
    }

    // MARK: Messages

    private static let rebirth = "Node Control/Rebirth"

    /// QoS 0 and not retained, as all but the death of the node.
    private func message(
        _ topic: String, _ metrics: [SparkplugPayload.Metric], _ stamp: EdgeNodeStamp
    ) -> OutgoingMessage {
        var payload = SparkplugPayload()
        payload.timestamp = milliseconds(stamp.time)
        payload.metrics = metrics
        payload.seq = UInt64(stamp.seq)
        return OutgoingMessage(topic: topic, payload: bytes(payload), qos: 0, retain: false)
    }

    private func bytes(_ payload: SparkplugPayload) -> [UInt8] {
        // Fails only for messages with required fields, of which there are none, and beyond 2 GiB.
        do { return try payload.serializedBytes() } catch {
            preconditionFailure("a payload could not be written: \(error)")
        }
    }

    /// A command may say its datatype or leave it out. It must not be retained: whoever asked is long gone.
    package func understand(_ message: IncomingMessage) -> EdgeNodeInput? {
        if message.topic == topics.hostState { return hostState(message.payload) }
        guard message.topic == topics.commands, !message.retain else { return nil }
        // try? because anybody may send anything: what cannot be read is no command.
        guard let command = try? SparkplugPayload(serializedBytes: message.payload) else { return nil }
        for metric in command.metrics where metric.hasName {
            guard metric.name == Self.rebirth else { return .write(metric: String(metric.name.prefix(100))) }
            if case .booleanValue(true)? = metric.value { return .rebirth }
        }
        return nil
    }

    private func hostState(_ payload: [UInt8]) -> EdgeNodeInput? {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        // try? as above.
        guard let state = try? SparkplugHostState(jsonUTF8Bytes: payload, options: options), state.hasOnline,
            state.hasTimestamp
        else { return nil }
        return .host(isOnline: state.online, time: state.timestamp)
    }
}
