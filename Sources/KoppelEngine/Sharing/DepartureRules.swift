package import KoppelCore

/// The last look at a message before it leaves to another party. The message was made from what the policy names; this
/// holds even if a mistake of ours let something else through. Pure but for what it has counted.
package struct DepartureRules: Sendable {
    package enum Verdict: Hashable, Sendable {
        case leaves
        /// Dropped; the reason as the audit names it.
        case refused(AuditEntry.Decision, why: String)
    }

    private let policy: SharingPolicy
    /// What the topics of the machines that are shared begin with, with the slash at the end.
    private let bases: Set<String>
    private let statusTopic: String
    private var isStopped = false

    package init(policy: SharingPolicy, bases: Set<String>, statusTopic: String) {
        self.policy = policy
        self.bases = bases
        self.statusTopic = statusTopic
    }

    /// `wall` is the time on the wall clock.
    package mutating func judge(_ message: OutgoingMessage, wall: Timestamp) -> Verdict {
        if isStopped { return .refused(.denied, why: "destination-stopped") }
        if wall < policy.enforcement.validFrom { return .refused(.denied, why: "not-yet-valid") }
        if wall >= policy.enforcement.validUntil { return .refused(.expired, why: "policy-expired") }
        guard !isNamed(message.topic) else { return .leaves }
        // Clearing a topic tells nothing, but its name might.
        if !message.payload.isEmpty, policy.enforcement.onViolation == .stopDestination { isStopped = true }
        return .refused(.denied, why: "not-in-policy")
    }

    /// True if the topic is the status, or one of a shared machine, of a class and for a signal that the policy names.
    private func isNamed(_ topic: String) -> Bool {
        if topic == statusTopic { return true }
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        guard let place = levels.firstIndex(where: { $0.first == "_" }),
            let topicClass = SharingPolicy.TopicClass(rawValue: String(levels[place])),
            policy.enforcement.classes.contains(topicClass),
            bases.contains(levels[..<place].joined(separator: "/") + "/")
        else { return false }
        let rest = levels[(place + 1)...]
        switch topicClass {
        case .meta: return rest.isEmpty || rest.count == 2 && rest.first == "rev"
        case .value:
            // In the flat form the two parts of a name are joined by a dot.
            let name = rest.joined(separator: "/").split(separator: ".").joined(separator: "/")
            return SignalName(name).map(policy.enforcement.includes) ?? false
        case .batch, .state, .oee: return rest.isEmpty
        case .event, .alarm: return rest.count == 1
        }
    }
}
