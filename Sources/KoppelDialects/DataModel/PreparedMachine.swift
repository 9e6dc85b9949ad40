internal import KoppelCore

/// One machine with everything rendered that does not change from message to message.
final class PreparedMachine: Sendable {
    /// One signal with what stands around its numbers.
    struct Signal: Sendable {
        var valueTopic: String
        /// `{"signal":"...","unit":"...","seq":` as a batch's series begins.
        var seriesHead: [UInt8]
        /// The same without unit, for readings under an older revision, which may have had another one.
        var olderSeriesHead: [UInt8]
        /// `{"signal":"...","from":` as a gap begins.
        var gapHead: [UInt8]
        /// `,"unit":"..."`, or nothing.
        var unitMember: [UInt8]
    }

    let rev: UInt32
    let urn: String
    let batchTopic: String
    let stateTopic: String
    let windowTopic: String
    /// What an event's kind, or an alarm's code, follows.
    let eventBase: String
    let alarmBase: String
    private let base: String
    private let ownTopics: [String]
    /// The descriptor on its two topics; none if the machine has no signals, which has no valid descriptor.
    let birth: [OutgoingMessage]
    /// `{"machine":"...","rev":` as a batch begins.
    let batchHead: [UInt8]
    let signals: [Signal]
    /// Signal number to index in ``signals``, or -1 for a signal that was retired.
    private let indices: [Int32]

    init(_ machine: MachineDescription, agent: AgentDescription, form: TopicTree.Form, hasExports: Bool = false) {
        let base = TopicTree.machineBase(machine.location, form: form)
        rev = machine.rev
        urn = machine.urn
        batchTopic = base + "_batch"
        stateTopic = base + "_state"
        windowTopic = base + "_oee"
        eventBase = base + "_event/"
        alarmBase = base + "_alarm/"
        let links = hasExports ? [ExportTopic.thing, .shell] : []
        birth = PreparedMachine.birth(of: machine, agent: agent, base: base, links: links)
        batchHead = render { json in
            json.openObject()
            json.key("machine")
            json.string(machine.urn)
            json.key("rev")
        }
        signals = machine.signals.map { signal in
            let unitMember = signal.unit.map { unit in
                Array(#","unit":"#.utf8) + render { $0.string(unit.ucum) }
            }
            let name = render { json in
                json.openObject()
                json.key("signal")
                json.string(signal.name.description)
            }
            return Signal(
                valueTopic: base + TopicTree.valueEnd(signal.name, form: form),
                seriesHead: name + (unitMember ?? []) + Array(#","seq":"#.utf8),
                olderSeriesHead: name + Array(#","seq":"#.utf8),
                gapHead: name + Array(#","from":"#.utf8),
                unitMember: unitMember ?? [])
        }
        self.base = base
        ownTopics =
            [base + "_meta"] + signals.map(\.valueTopic) + (machine.hasState ? [base + "_state"] : [])
            + machine.alarms.map { base + "_alarm/\($0)" }
        var indices = [Int32](repeating: -1, count: (machine.signals.map { Int($0.number.rawValue) }.max() ?? -1) + 1)
        for (index, signal) in machine.signals.enumerated() { indices[Int(signal.number.rawValue)] = Int32(index) }
        self.indices = indices
    }

    /// Where a broker keeps the machine's descriptor and what links to it, the latest reading of each signal, its state
    /// and its alarms.
    func latestTopics(hasExports: Bool) -> [String] {
        ownTopics + (hasExports ? ExportTopic.allCases.map { base + $0.rawValue } : [])
    }

    /// The place in ``signals``; `nil` if the machine has no such signal any more.
    @inline(__always)
    func index(of signal: SignalNumber) -> Int? {
        let number = Int(signal.rawValue)
        guard number < indices.count, indices[number] >= 0 else { return nil }
        return Int(indices[number])
    }

    private static func birth(
        of machine: MachineDescription, agent: AgentDescription, base: String, links: [ExportTopic]
    ) -> [OutgoingMessage] {
        guard !machine.signals.isEmpty else { return [] }
        let descriptor = render { $0.descriptor(of: machine, agent: agent, links: links) }
        return [base + "_meta", base + "_meta/rev/\(machine.rev)"].map { topic in
            OutgoingMessage(topic: topic, payload: descriptor, retain: true, contentType: DataModel.contentType)
        }
    }
}

/// The constants of the data model.
enum DataModel {
    static let version = "1.0"
    static let context = "https://koppel.example/cdm/1/context.jsonld"
    static let contentType = "application/json"
    /// The type of an event that carries its own envelope (CloudEvents MQTT binding 3.2).
    static let eventType = "application/cloudevents+json"
    static let schemas = "https://koppel.example/cdm/1.0/schema/"
}

/// The bytes that `body` writes.
func render(capacity: Int = 512, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter(capacity: capacity)
    body(&json)
    return json.bytes()
}
