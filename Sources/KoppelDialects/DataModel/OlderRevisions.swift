internal import KoppelCore

/// The descriptors that were replaced by newer ones, and how long each is still referred to (data model 3.14 rule 5).
///
/// Readings keep the revision they were read under, so a receiver needs its descriptor while a message under it is on
/// its way or less than 30 days old. Descriptors are made when they are sent, since there may be many.
struct OlderRevisions: Sendable {
    /// How long a message that was delivered may still refer to a descriptor.
    static let afterlife = Duration.seconds(30 * 86_400)

    private struct Older: Sendable {
        var machine: MachineDescription
        var topic: String
        /// When the next revision was issued: nothing was read under this one later.
        var replaced: Timestamp
    }

    private let older: [Older]

    /// Those among the former descriptions of machines that have a later revision.
    init(_ former: [MachineDescription], present: [MachineDescription], form: TopicTree.Form) {
        var issued: [MachineNumber: [UInt32: Timestamp]] = [:]
        for machine in former + present { issued[machine.number, default: [:]][machine.rev] = machine.issued }
        var taken = Set(present.map { Self.topic($0, form: form) })
        older = former.compactMap { machine in
            let later = issued[machine.number]?.filter { $0.key > machine.rev }.min { $0.key < $1.key }
            guard let later, !machine.signals.isEmpty else { return nil }
            let topic = Self.topic(machine, form: form)
            guard taken.insert(topic).inserted else { return nil }
            return Older(machine: machine, topic: topic, replaced: later.value)
        }
    }

    var count: Int { older.count }

    /// The descriptor, or what clears its topic once nothing refers to it.
    func message(at index: Int, agent: AgentDescription, _ moment: ReferenceMoment) -> OutgoingMessage {
        let one = older[index]
        let isReferred = Self.isReferred(one, moment)
        return OutgoingMessage(
            topic: one.topic,
            payload: isReferred ? render { $0.descriptor(of: one.machine, agent: agent) } : [], retain: true,
            contentType: DataModel.contentType)
    }

    func outdated(_ moment: ReferenceMoment) -> [String] {
        older.filter { !Self.isReferred($0, moment) }.map(\.topic)
    }

    private static func isReferred(_ one: Older, _ moment: ReferenceMoment) -> Bool {
        if moment.now < one.replaced.advanced(by: afterlife) { return true }
        return moment.oldestPending.map { $0 < one.replaced } ?? false
    }

    private static func topic(_ machine: MachineDescription, form: TopicTree.Form) -> String {
        TopicTree.machineBase(machine.location, form: form) + "_meta/rev/\(machine.rev)"
    }
}
